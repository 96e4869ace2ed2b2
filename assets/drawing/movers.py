"""What moves in the room: lamps, the clock's hands, a plant, steam."""

import math

import numpy as np

from .paint import TAU, Layer, over, smooth
from .pottery import PLAIN, Pot, simple
from .stage import CLOCK, LOOP


def swing(lamp, t):
    x, n, size, k, ph = lamp
    a = .042 * math.sin(k * TAU * t / LOOP * 2 + ph)
    return a, x + math.sin(a) * (n + 30), math.cos(a) * (n + 30) - 30


def draw_lamp(f, lamp, t):
    a, bx, by = swing(lamp, t)
    s = lamp[2]
    L = Layer(int(lamp[0]) - 90, 0, 180, 240)
    ca, sa = math.cos(a), math.sin(a)

    def P(u, v):  # u across, v down, turned with the lamp
        return bx + (u * ca + v * sa) * s, by + (v * ca - u * sa) * s

    L.line([(lamp[0], -6), P(0, -34)], 2 * s, "#120c0e")
    dome = [P(-46 * math.cos(q), 8 - 36 * math.sin(q) ** .8) for q in np.linspace(0, math.pi, 40)]
    L.poly(dome, "#24454b")
    lit = [P(-46 * math.cos(q), 8 - 36 * math.sin(q) ** .8) for q in np.linspace(.62 * math.pi, .93 * math.pi, 16)]
    L.poly(lit + [P(31 * math.cos(q), 4 - 26 * math.sin(q)) for q in np.linspace(.16 * math.pi, .42 * math.pi, 12)], "#356068")
    L.poly([P(-9, -26), P(9, -26), P(6, -37), P(-6, -37)], "#b8874a")
    L.poly([P(46 * math.cos(q), 8 + 7.5 * math.sin(q)) for q in np.linspace(0, TAU, 48)], "#fbd894")
    L.poly([P(40 * math.cos(q), 8 + 5.4 * math.sin(q)) for q in np.linspace(0, TAU, 48)], "#ffefc8")
    L.poly([P(13 * math.cos(q), 12 + 12 * math.sin(q)) for q in np.linspace(0, TAU, 40)], "#fffbee")
    over(f, L)


def clock_hands(t):
    cx, cy = CLOCK
    L = Layer(cx - 40, cy - 40, 80, 150, 4)
    a = .17 * math.sin(TAU * t / 1.5)
    px, py = cx + math.sin(a) * 57, cy + 24 + math.cos(a) * 57
    L.line([(cx, cy + 30), (px, py)], 1.6, "#8f6c3e")
    L.disc(px, py, 7.5, 7.5, "#9a713c")
    L.disc(px - .6, py - .6, 6.2, 6.2, "#c8984f")
    L.disc(px - 2, py - 2, 2.2, 2.2, "#e6c27d")
    cy += .6
    for ang, n, w, c in ((TAU * 8.35 / 12, 16, 3, "#33231f"), (TAU * .35, 23, 2.2, "#33231f"), (TAU * t / LOOP, 25, 1.2, "#a8402f")):
        s, k = math.sin(ang), math.cos(ang)
        L.line([(cx - s * 5, cy + k * 5), (cx + s * n, cy - k * n)], w, c)
    L.disc(cx, cy, 2.4, 2.4, "#a8402f")
    return L


class Plant:
    """A plant in a pot on the sill; its leaves stir."""

    def __init__(self, x, y):
        self.x, self.y = x, y
        self.pot = Pot(34, PLAIN, simple("#a0563f", None, foot=None, seed=51, stripes=((60, 90, "#c98c62"),)), "#2b1d18", gloss=.5)
        rng = np.random.default_rng(5)
        self.leaves = sorted([(a + rng.uniform(-.1, .1), rng.uniform(46, 74) * (1 - .25 * abs(a)), rng.uniform(7, 10), rng.integers(1, 3), rng.uniform(0, TAU))
                              for a in np.linspace(-1.25, 1.25, 13)], key=lambda q: -abs(q[0]))

    def at(self, t):
        L = Layer(self.x - 84, self.y - 120, 168, 132)
        p = TAU * t / LOOP
        for i, (a, n, w, k, ph) in enumerate(self.leaves):
            b = a + .05 * math.sin(k * 2 * p + ph)
            ps, qs, mid = [], [], []
            for s in np.linspace(0, 1, 16):  # bends outwards along its length
                d = b * (.45 + .75 * s)
                x, y = self.x + math.sin(d) * n * s + a * 5, self.y - 31 - math.cos(d) * n * s
                ww = w * math.sin(math.pi * (.06 + .94 * s) ** .85)
                ps.append((x + math.cos(d) * ww, y + math.sin(d) * ww))
                qs.append((x - math.cos(d) * ww, y - math.sin(d) * ww))
                mid.append((x, y))
            c = ("#2d4a3a", "#365743", "#41654b")[i % 3]
            L.poly(ps + qs[::-1], c)
            L.poly(mid + (ps if a > 0 else qs)[::-1], ("#37583f", "#42684b", "#4f7855")[i % 3])
        self.pot.paste(L, self.x, self.y, 0, .85)
        return L


def steam(t, w=230, h=250):
    """Three rising ribbons; their waves travel whole periods in a loop."""
    ys, xs = np.mgrid[0:h, 0:w].astype(np.float32)
    s = (h - ys) / h  # 0 at the cup, 1 at the top
    out = np.zeros((h, w), np.float32)
    p = TAU * t / LOOP
    for i, (x0, n, k, amp, ph) in enumerate(((-16, 4, 1.35, 15, 0.2), (5, 3, 1.1, 21, 2.4), (22, 5, 1.6, 13, 4.4))):
        wave_ = np.sin(TAU * k * s - n * p + ph) + .45 * np.sin(TAU * 2.1 * k * s - 2 * n * p + 2 * ph)
        x = w / 2 + x0 * (1 - .3 * s) + amp * (s ** .8) * wave_ + 10 * s * math.sin(p + ph)
        wd = 3.5 + 15 * s ** 1.1 + 2.5 * s * np.sin(TAU * 1.7 * s - n * p + ph * 3)
        breath = .62 + .38 * np.sin(TAU * 1.25 * s - n * p + ph * 1.7)
        a = smooth(0, .12, s) * (1 - smooth(.25, .98, s)) * breath
        u = (xs - x) / wd
        body = np.exp(-u * u / 2) * .55 + np.exp(-((u - 1.0) / .42) ** 2 / 2) * .40
        out += body * a * (5.2 / (3.6 + wd * .34))
    return 1 - np.exp(-out * .46)
