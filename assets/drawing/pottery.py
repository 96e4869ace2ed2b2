"""Pottery: turned pieces, lit and seen from slightly above, and their glazes."""

import math

import numpy as np
from PIL import Image, ImageDraw

from .paint import SS, TAU, arr, smooth


def curve(points, soft=44):
    """A profile radius(v), v from 0 at the foot to 1 at the lip."""
    vs, rs = zip(*points)
    t = np.linspace(0, 1, 400)
    r = np.interp(t, vs, rs)
    k = np.hanning(2 * soft + 1)
    pad = np.concatenate([2 * r[0] - r[soft:0:-1], r, 2 * r[-1] - r[-2:-soft - 2:-1]])
    r = np.convolve(pad, k / k.sum(), "valid")
    return lambda v: np.interp(v, t, r)


class Pot:
    """A turned piece: a profile, a glaze picture, a view from slightly above."""

    TILT = 0.24

    def __init__(self, height, profile, glaze, inside, ss=SS, lip=0.09, drink=None, handle=None,
                 gloss=1.0, key=(0.28, 0.72, 0.63)):
        self.ss, self.glaze, self.gloss = ss, np.asarray(glaze, np.float32), gloss
        self.key = np.array(key, np.float32) / np.linalg.norm(key)
        n = math.ceil(height * ss * 2.5)
        vs = np.linspace(0, 1, n)
        rs = profile(vs) * height
        e, rmax = self.TILT, rs.max()
        reach = rmax * (1.62 if handle else 1.0) + 3
        self.w, self.h = math.ceil(2 * reach), math.ceil(height + 2 * e * reach + 6)
        self.cx, self.cy = self.w / 2, self.h - e * reach - 3  # middle of the foot
        ys, xs = np.mgrid[0:self.h * ss, 0:self.w * ss].astype(np.float32)
        x, y = (xs + .5) / ss - self.cx, (ys + .5) / ss - self.cy
        self.px, self.py = x, y
        hv = np.full(x.shape, -1, np.float32)
        for v, r in zip(vs, rs):  # the highest ring that covers a pixel is the one seen
            hv[x * x + ((y + v * height) / e) ** 2 <= r * r] = v
        self.mask = hv >= 0
        v = np.clip(hv, 0, 1)
        r = np.interp(v, vs, rs)
        self.v, self.phi = v, np.arcsin(np.clip(x / np.maximum(r, .1), -1, 1))
        slope = np.interp(v, vs, np.gradient(rs, vs * height))
        q = 1 / np.sqrt(1 + slope ** 2)
        self.n = np.stack([np.sin(self.phi) * q, -slope * q, np.cos(self.phi) * q], -1).astype(np.float32)
        self.z = np.sqrt(np.maximum(r * r - x * x, 0)) + v * height * e
        self.z[~self.mask] = -1e9
        self.height, self.rs, self.handle = height, rs, handle
        # the mouth
        ro = rs[-1]
        ri = ro * (1 - lip)
        top = y + height
        self.mouth = x * x + (top / e) ** 2 <= ro * ro
        inner = x * x + (top / e) ** 2 <= ri * ri
        c = np.zeros(x.shape + (3,), np.float32)
        lipc = self.glaze[0].mean(0)
        c[:] = lipc * (1.08 + .1 * (x / ro)[..., None])
        wall = arr(inside) * (0.50 + .42 * smooth(-e * ri, e * ri, top) - .10 * (x / ri))[..., None]
        c[inner] = wall[inner]
        if drink:
            d = height * .10
            liq = inner & (x * x + ((top - d) / e) ** 2 <= (ri * .96) ** 2)
            edge = np.sqrt(x * x + ((top - d) / e) ** 2) / (ri * .96)
            t = arr(drink) * (0.8 + .5 * smooth(.72, 1.0, edge) + .35 * np.exp(-((x / ri - .35) ** 2 * 9 + (top / e / ri - .25) ** 2 * 12)))[..., None]
            c[liq] = t[liq]
        self.mouth_c = c

    def light(self, albedo, n, gloss):
        k = n @ self.key
        lit = 0.30 + 0.80 * np.clip(k * .85 + .15, 0, 1)
        cool = np.clip(-n[..., 0] - .25, 0, 1) ** 2 * np.clip(n[..., 2] + .5, 0, 1)
        half = self.key + np.array([0, self.TILT, 1], np.float32)
        half /= np.linalg.norm(half)
        spec = np.clip(n @ half, 0, 1)
        side = np.array([-.72, .30, .62], np.float32)
        spec2 = np.clip(n @ side, 0, 1) ** 40
        out = albedo * (lit[..., None] * np.array([1.06, 1.0, .92], np.float32))
        out += albedo * cool[..., None] * np.array([.25, .42, .75], np.float32)
        out += (gloss * (.34 * spec ** 60 + .10 * spec ** 12) * 255)[..., None] * np.array([1, .93, .80], np.float32)
        out += (gloss * .16 * spec2 * 255)[..., None] * np.array([.75, .88, 1.0], np.float32)
        return out

    def render(self, turn=0.0):
        """The piece turned by `turn` radians, as straight RGBA floats."""
        gh, gw = self.glaze.shape[:2]
        u = ((self.phi - turn) / TAU % 1 * gw).astype(int) % gw
        g = self.glaze[np.clip(((1 - self.v) * (gh - 1)).astype(int), 0, gh - 1), u]
        c = self.light(g, self.n, self.gloss * smooth(.06, .2, self.v))
        c *= (.62 + .38 * smooth(0, .22, self.v))[..., None]  # dark towards the table
        c[self.mouth] = self.mouth_c[self.mouth]
        mask, z = self.mask.copy(), self.z
        if self.handle:
            z = z.copy()
            self.tube(c, mask, z, turn)
        out = np.zeros(c.shape[:2] + (4,), np.float32)
        out[..., :3] = np.clip(c, 0, 255)
        out[..., 3] = mask * 255.0
        return out

    def tube(self, c, mask, z, turn):
        """The handle: a row of balls along an arc, with a depth test."""
        lo, hi, out, thick = self.handle
        hh, e, ss = self.height, self.TILT, self.ss
        for s in np.linspace(0, 1, 120):
            a = math.pi * s
            v = lo + (hi - lo) * (.5 - .5 * math.cos(a)) + .05 * math.sin(a)
            base = float(np.interp(v, np.linspace(0, 1, len(self.rs)), self.rs))
            rho = base * .97 + out * hh * math.sin(a) ** .62
            rad = thick * hh * (1.10 - .22 * math.sin(a))
            x0, zz = rho * math.sin(turn), rho * math.cos(turn)
            y0 = -v * hh + e * zz
            i0, i1 = int((self.cx + x0 - rad) * ss), int((self.cx + x0 + rad) * ss) + 2
            j0, j1 = int((self.cy + y0 - rad) * ss), int((self.cy + y0 + rad) * ss) + 2
            sl = np.s_[max(j0, 0):j1, max(i0, 0):i1]
            dx, dy = (self.px[sl] - x0) / rad, (self.py[sl] - y0) / rad
            q = 1 - dx * dx - dy * dy
            nz = np.sqrt(np.clip(q, 0, 1))
            depth = zz + v * hh * e + nz * rad
            m = (q > 0) & (depth > z[sl]) & ~(self.mouth[sl] & (zz < 0))
            if not m.any():
                continue
            n = np.stack([dx, -dy, nz], -1).astype(np.float32)
            col = self.light(np.broadcast_to(self.glaze[40, 0], n.shape), n, self.gloss * .5)  # glazed like the lip
            c[sl][m], z[sl][m] = col[m], depth[m]
            mask[sl] |= m

    def paste(self, layer, x, y, turn=0.0, dim=1.0, tint=(1, 1, 1)):
        t = self.render(turn)
        t[..., :3] *= dim * np.array(tint, np.float32)
        layer.put(t, x - self.cx, y - self.cy)


GW, GH = 2048, 640  # a glaze picture: once round the piece, lip to foot


def glaze(base, seed=0, speck=0, speck_colour="#5b4636"):
    im = Image.new("RGB", (GW, GH), base)
    d = ImageDraw.Draw(im)
    rng = np.random.default_rng(seed)
    for _ in range(speck):
        x, y, r = rng.uniform(0, GW), rng.uniform(0, GH), rng.uniform(1.2, 4.2)
        d.ellipse([x - r, y - r, x + r, y + r], fill=speck_colour)
    return im, d


def dip(d, y, colour, up=True, amp=14, waves=(5, 8, 13), seed=1):
    """Glaze poured over the piece: a wavy edge right round it."""
    rng = np.random.default_rng(seed)
    ph = rng.uniform(0, TAU, len(waves))
    ps = [(x, y + sum(amp / (i + 1) * math.sin(TAU * w * x / GW + ph[i]) for i, w in enumerate(waves)))
          for x in range(0, GW + 1, 4)]
    e = 0 if up else GH
    d.polygon(ps + [(GW, e), (0, e)], fill=colour)
    return ps


def leaf(cx, cy, length, width, ang):
    ps = []
    for s in list(np.linspace(0, 1, 14)) + list(np.linspace(1, 0, 14))[1:]:
        ps.append((s * length, width * math.sin(math.pi * s ** .8)))
    half = len(ps) // 2
    ps = [(a, b if i <= half else -b) for i, (a, b) in enumerate(ps)]
    ca, sa = math.cos(ang), math.sin(ang)
    return [(cx + a * ca - b * sa, cy + a * sa + b * ca) for a, b in ps]


def cup_glaze():
    im, d = glaze("#ecdcc4", 3, 420, "#c9a988")
    dip(d, 190, "#2f6f78", amp=20, waves=(5, 9, 14), seed=4)
    dip(d, 150, "#235661", amp=16, waves=(5, 9, 14), seed=4)
    n = 6
    for i in range(n):
        x = (i + .5) * GW / n
        if i % 2 == 0:
            d.line([(x, 540), (x, 285)], fill="#8d5a3e", width=8)
            for k in range(4):
                y = 500 - k * 52
                for sgn in (-1, 1):
                    a = -math.pi / 2 + sgn * .85
                    d.polygon(leaf(x, y, 92 - 10 * k, 19, a), fill="#c8573f" if k % 2 else "#d97455")
            d.polygon(leaf(x, 310, 66, 17, -math.pi / 2), fill="#d97455")
        else:
            y = 405
            d.ellipse([x - 42, y - 42, x + 42, y + 42], fill="#e2a24a")
            d.ellipse([x - 27, y - 27, x + 27, y + 27], fill="#edba66")
            for k in range(12):
                a = TAU * k / 12
                p = [(x + math.cos(a) * r, y + math.sin(a) * r) for r in (58, 84)]
                d.line(p, fill="#e2a24a", width=9)
    d.rectangle([0, 572, GW, 584], fill="#235661")
    d.rectangle([0, 596, GW, GH], fill="#b98a66")
    return im


CUP = curve([(0, .34), (.05, .38), (.16, .455), (.5, .485), (.85, .475), (1, .485)])
BOWL = curve([(0, .42), (.08, .42), (.12, .46), (.4, .86), (.75, 1.08), (1, 1.16)])
VASE = curve([(0, .19), (.1, .25), (.34, .345), (.5, .335), (.68, .20), (.8, .125), (.92, .125), (1, .175)])
JUG = curve([(0, .30), (.12, .36), (.38, .44), (.65, .36), (.85, .29), (1, .33)])
JAR = curve([(0, .40), (.1, .46), (.5, .50), (.8, .46), (.92, .38), (1, .40)])
TALL = curve([(0, .16), (.2, .20), (.6, .245), (.8, .21), (.92, .12), (1, .135)])
ROUND = curve([(0, .28), (.15, .44), (.45, .58), (.75, .44), (.9, .22), (1, .25)])
PLAIN = curve([(0, .36), (.08, .40), (.5, .43), (1, .45)])


def cup(height, ss=SS, **kw):
    return Pot(height, CUP, cup_glaze(), "#e4d3ba", ss, drink="#7a3f1e", handle=(.24, .82, .27, .056), **kw)


def bowl_glaze():
    im, d = glaze("#d8c7ae", 8, 300, "#b79a7a")
    dip(d, 250, "#c8664a", amp=18, waves=(4, 7, 11), seed=9)
    dip(d, 196, "#b4513b", amp=14, waves=(4, 7, 11), seed=9)
    for i in range(16):
        x = (i + .5) * GW / 16
        d.ellipse([x - 20, 110, x + 20, 150], fill="#f0dcc0")
    d.rectangle([0, 560, GW, GH], fill="#a87b5a")
    return im


def vase_glaze():
    im, d = glaze("#39506b", 5, 500, "#56718e")
    dip(d, 430, "#e3d2ba", up=False, amp=16, waves=(3, 7, 10), seed=6)
    for i in range(9):
        x = (i + .5) * GW / 9
        for k in (-1, 0, 1):
            d.polygon(leaf(x, 400, 120 if k == 0 else 92, 20, -math.pi / 2 + k * .55), fill="#e0a650" if k else "#edc277")
    d.rectangle([0, 600, GW, GH], fill="#b08562")
    return im


def simple(base, band=None, y=240, foot="#a47a5a", seed=2, stripes=(), specks=220, speck="#6b5646"):
    im, d = glaze(base, seed, specks, speck)
    if band:
        dip(d, y, band, amp=15, waves=(4, 7, 12), seed=seed)
    for y0, y1, c in stripes:
        d.rectangle([0, y0, GW, y1], fill=c)
    if foot:
        d.rectangle([0, 590, GW, GH], fill=foot)
    return im
