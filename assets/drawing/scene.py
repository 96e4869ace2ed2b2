"""The scene: room, window and movers put together and lit, at any time."""

import math

import numpy as np
from PIL import Image

from .movers import Plant, clock_hands, draw_lamp, steam, swing
from .paint import TAU, Layer, over, smooth
from .pottery import cup
from .room import build_room
from .stage import CUP_AT, H, LAMPS, LOOP, TABLE, W, WIN
from .window import Sky


class Scene:
    def __init__(self):
        self.room = build_room()
        self.sky = Sky()
        self.cup = cup(148, 3)
        self.plant = Plant(118, WIN[3] + 14)
        ys, xs = np.mgrid[0:H // 2, 0:W // 2].astype(np.float32) * 2 + 1
        self.xs, self.ys = xs, ys
        rng = np.random.default_rng(77)
        self.motes = [(rng.uniform(330, 700), rng.uniform(190, 400), rng.uniform(8, 26), rng.uniform(5, 16), rng.integers(1, 3), rng.uniform(0, TAU), rng.uniform(.6, 1.2))
                      for _ in range(22)]
        d = np.hypot((xs - 480) / 620, (ys - 330) / 430)
        self.vignette = 1 - .42 * smooth(.55, 1.15, d)

    def light(self, t):
        """What the lamps give, as a factor for the room and a haze over it."""
        xs, ys = self.xs, self.ys
        amb = np.array([.60, .60, .70], np.float32)
        m = np.ones(xs.shape + (3,), np.float32) * amb
        haze = np.zeros(xs.shape, np.float32)
        for lamp in LAMPS:
            a, bx, by = swing(lamp, t)
            s = lamp[2]
            by += 10 * s
            dx, dy = xs - bx, ys - by
            dist = np.hypot(dx, dy) + 1
            ang = np.arctan2(dx, dy) - a * 1.5
            cone = 1 - smooth(.55, 1.35, np.abs(ang))
            fall = 1 / (1 + (dist / (230 * s)) ** 2)
            pool = cone * fall * s
            near = np.exp(-dist / (70 * s)) * s
            m += (pool * .92)[..., None] * np.array([1.0, .74, .46], np.float32)
            m += (near * .55)[..., None] * np.array([1.0, .70, .40], np.float32)
            haze += (1 - smooth(.30, .95, np.abs(ang))) * np.exp(-dist / (150 * s)) * smooth(0, 16, dy) * .11 * s
            haze += np.exp(-(dist / (26 * s)) ** 1.2) * .40 + np.exp(-dist / (60 * s)) * .13
        # the table takes light from straight above
        tx = xs - (CUP_AT[0] + 260 * swing(LAMPS[0], t)[0])
        m += (np.exp(-(tx / 250) ** 2 - ((ys - 462) / 62) ** 2) * .34 * (ys > TABLE))[..., None] * np.array([1, .8, .55], np.float32)
        # dusk from the window
        q = np.exp(-((xs - 190) / 250) ** 2 - ((ys - 250) / 230) ** 2) * .12
        m += q[..., None] * np.array([.55, .65, 1.3], np.float32)
        m *= self.vignette[..., None]
        up = lambda z: np.asarray(Image.fromarray(z.astype(np.float32)).resize((W, H), Image.BICUBIC))
        return np.stack([up(m[..., i]) for i in range(3)], -1), up(haze)

    def at(self, t):
        p = TAU * t / LOOP
        m, haze = self.light(t)
        c, a = self.room
        f = np.zeros((H, W, 3), np.float32)
        sk = self.sky
        f[sk.y:sk.y + sk.h, sk.x:sk.x + sk.w] = sk.at(t) * .86
        f = f * (1 - a) + c * m
        # the moving pieces are lit by the same factor where they stand
        for piece in (clock_hands(t), self.plant.at(t)):
            c, a = piece.floats()
            sl = np.s_[piece.y:piece.y + piece.h, piece.x:piece.x + piece.w]
            f[sl] = f[sl] * (1 - a) + c * m[sl]
        # the cup
        pot = self.cup
        tile = pot.render(p + 1.15)  # begins with the handle to the right
        L = Layer(0, 0, pot.w, pot.h, 3)
        L.put(tile, 0, 0)
        cc, ca = L.floats()
        over(f, (cc * np.array([1.0, .94, .86], np.float32), ca), round(CUP_AT[0] - pot.cx), round(CUP_AT[1] - pot.cy))
        # haze, motes, steam
        f += haze[..., None] * np.array([255, 186, 110], np.float32)
        for x, y, ax, ay, n, ph, r in self.motes:
            mx, my = x + ax * math.sin(n * p + ph), y + ay * math.cos(p + ph * 2)
            i, j = int(mx), int(my)
            yy, xx = np.mgrid[j - 3:j + 4, i - 3:i + 4]
            k = np.exp(-((xx - mx) ** 2 + (yy - my) ** 2) / (2 * r * r)) * (.5 + .5 * math.sin(2 * p + ph * 3)) * .20
            f[j - 3:j + 4, i - 3:i + 4] += k[..., None] * np.array([255, 205, 140], np.float32)
        for lamp in LAMPS[::-1]:
            draw_lamp(f, lamp, t)
        st = steam(t)
        h, w = st.shape
        x0, y0 = CUP_AT[0] - w // 2, CUP_AT[1] - 142 - h
        v = f[y0:y0 + h, x0:x0 + w]
        v += st[..., None] * (np.array([255, 236, 214], np.float32) - v) * .68
        return f
