"""The window: evening sky, houses and traffic, seen through the opening."""

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .paint import TAU, Layer, arr, gradient, mix, over, rgb, smooth
from .stage import LOOP, WIN


class Sky:
    def __init__(self):
        self.x, self.y = WIN[0] - 2, WIN[1] - 2
        self.w, self.h = WIN[2] - WIN[0] + 4, WIN[3] - WIN[1] + 4
        w, h = self.w, self.h
        self.base = gradient(w, h, [(0, "#10152c"), (.35, "#232447"), (.62, "#4c3355"), (.80, "#8a4a55"), (.92, "#b0645a"), (1, "#b0645a")])
        self.ys, self.xs = np.mgrid[0:h, 0:w].astype(np.float32)
        moon = Layer(0, 0, w, h, 4)
        moon.disc(198, 44, 15, 15, "#f3e3c4")
        cut = Image.new("L", moon.im.size, 0)
        ImageDraw.Draw(cut).ellipse([(205 - 14) * 4, (39 - 14) * 4, (205 + 14) * 4, (39 + 14) * 4], fill=255)
        moon.im.paste((0, 0, 0, 0), (0, 0), cut)
        glow = np.exp(-((self.xs - 195) ** 2 + (self.ys - 46) ** 2) / (2 * 30 ** 2))
        self.base += glow[..., None] * np.array([34, 30, 36], np.float32)
        over(self.base, moon)
        rng = np.random.default_rng(21)
        self.stars = [(rng.uniform(4, w - 4), rng.uniform(4, 118), rng.uniform(.3, 1), rng.integers(1, 4), rng.uniform(0, TAU)) for _ in range(26)]
        # clouds: two soft pictures, each drifts and fades while the other takes over
        self.clouds = []
        for k in range(2):
            c = Layer(-60, 0, w + 120, h, 1)
            r2 = np.random.default_rng(60 + k)
            for cx, cy, n in ((20, 96, 5), (150, 128, 7), (262, 84, 5), (300, 150, 6), (70, 160, 6)):
                for i in range(n):
                    rr = r2.uniform(7, 15) * (1 - abs(i - n / 2) / n)
                    c.disc(cx + (i - n / 2) * 15, cy + r2.uniform(-3, 3) - rr * .3, rr * 1.7, rr * .62, (255, 255, 255, 255))
            a = c.im.getchannel("A").filter(ImageFilter.GaussianBlur(4.5))
            self.clouds.append(np.asarray(a, np.float32) / 255)
        # two rows of houses
        city = Layer(0, 0, w, h, 2)
        self.lights = []
        for row, (col, base, lo, hi) in enumerate((("#3c2b4c", h, 62, 112), ("#1d1830", h, 30, 82))):
            x = -6
            while x < w:
                bw, bh = rng.integers(18, 36), rng.integers(lo, hi)
                city.rect(x, base - bh, x + bw, base, col)
                if rng.uniform() < .35:
                    city.rect(x + bw / 2 - .8, base - bh - 12, x + bw / 2 + .8, base - bh, col)
                for wy in range(int(base - bh + 7), base - 8, 9):
                    for wx in range(int(x + 4), int(x + bw - 5), 7):
                        if rng.uniform() < (.20 if row == 0 else .34):
                            c = ("#e2a763", "#f2c987", "#c77f5f", "#9fb3d8")[rng.choice(4, p=[.45, .3, .15, .1])]
                            if rng.uniform() < .16:
                                self.lights.append((wx, wy, rgb(c), rng.integers(1, 3), rng.uniform(0, TAU)))
                            else:
                                k = .55 if row == 0 else .8
                                city.rect(wx, wy, wx + 3, wy + 4, tuple(int(v * k) for v in rgb(c)))
                x += bw + (rng.integers(0, 3))
        self.city = city.floats()
        self.bokeh = []
        cols = ("#ffb35c", "#ff8a5c", "#ffd9a0", "#ff6f7d", "#8fb4ff")
        for _ in range(24):
            self.bokeh.append((rng.uniform(0, w), rng.uniform(h - 66, h - 6), rng.uniform(4, 11), arr(cols[rng.choice(5, p=[.33, .2, .25, .12, .1])]),
                               rng.integers(1, 4), rng.uniform(0, TAU), rng.uniform(.13, .34)))
        self.cars = [(rng.uniform(0, 1), d, rng.uniform(4, 6)) for d in (1, -1) for _ in range(5)]

    def blob(self, f, x, y, r, col, k):
        i0, i1, j0, j1 = int(max(x - r - 2, 0)), int(min(x + r + 3, self.w)), int(max(y - r - 2, 0)), int(min(y + r + 3, self.h))
        if i0 >= i1 or j0 >= j1:
            return
        d = np.hypot(self.xs[j0:j1, i0:i1] - x, self.ys[j0:j1, i0:i1] - y)
        m = np.clip(r + .5 - d, 0, 1) * (.86 + .14 * smooth(r * .55, r, d))
        f[j0:j1, i0:i1] += (m * k)[..., None] * col

    def at(self, t):
        p = TAU * t / LOOP
        f = self.base.copy()
        for x, y, b, n, ph in self.stars:
            self.blob(f, x, y, .4 + b * .5, arr("#ffffff"), (.35 + .35 * math.sin(n * p + ph)) * b)
        for k in range(2):
            s = (t / LOOP + k / 2) % 1
            o = 30 + 60 * (1 - s)
            a = self.clouds[k]
            i = int(o)
            q = o - i
            m = a[:, i:i + self.w] * (1 - q) + a[:, i + 1:i + 1 + self.w] * q
            m = (m * math.sin(math.pi * s) ** 2 * .55)[..., None]
            f = f * (1 - m) + m * mix(arr("#5d4670"), arr("#d98a78"), smooth(60, 190, self.ys)[..., None])
        over(f, self.city, 0, 0)
        for x, y, c, n, ph in self.lights:
            k = .45 + .45 * math.tanh(3 * math.sin(n * p + ph))
            f[y:y + 4, x:x + 3] = mix(f[y:y + 4, x:x + 3], np.array(c, np.float32), k)
        for x, y, r, c, n, ph, k in self.bokeh:
            self.blob(f, x, y, r, c, k * (.75 + .35 * math.sin(n * p + ph)))
        span = self.w + 40
        for o, d, r in self.cars:
            x = (o + d * t / LOOP) % 1 * span - 20
            self.blob(f, x, self.h - (16 if d > 0 else 9), r, arr("#ffe2b0" if d > 0 else "#ff5a52"), .42)
        # a faint reflection in the pane
        f += (np.exp(-((self.xs * .8 + self.ys - 190) / 26) ** 2) * 5)[..., None]
        return f
