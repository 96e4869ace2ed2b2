"""Paint: colours, ramps between them, and layers to draw soft shapes on."""

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SS = 2  # supersampling of everything drawn
TAU = 2 * math.pi


def rgb(s):
    return tuple(int(s[i:i + 2], 16) for i in (1, 3, 5))


def arr(s):
    return np.array(rgb(s), np.float32)


def mix(a, b, k):
    return a + (b - a) * k


def smooth(a, b, x):
    x = np.clip((x - a) / (b - a), 0, 1)
    return x * x * (3 - 2 * x)


def gradient(w, h, stops):
    y = np.linspace(0, 1, h)
    ks = [s[0] for s in stops]
    cs = np.array([rgb(s[1]) for s in stops], np.float32)
    g = np.stack([np.interp(y, ks, cs[:, i]) for i in range(3)], -1)
    return np.repeat(g[:, None], w, 1).astype(np.float32)


class Layer:
    """A transparent picture in scene coordinates, drawn SS times too large."""

    def __init__(self, x, y, w, h, ss=SS):
        self.x, self.y, self.w, self.h, self.ss = x, y, w, h, ss
        self.im = Image.new("RGBA", (w * ss, h * ss), (0, 0, 0, 0))
        self.d = ImageDraw.Draw(self.im)

    def pts(self, ps):
        return [((x - self.x) * self.ss, (y - self.y) * self.ss) for x, y in ps]

    def poly(self, ps, fill):
        self.d.polygon(self.pts(ps), fill=fill)

    def rect(self, x0, y0, x1, y1, fill, r=0):
        a, b = self.pts([(x0, y0), (x1, y1)])
        self.d.rounded_rectangle([a, (b[0] - 1, b[1] - 1)], r * self.ss, fill=fill)

    def disc(self, x, y, rx, ry, fill):
        self.d.ellipse(self.pts([(x - rx, y - ry), (x + rx, y + ry)]), fill=fill)

    def line(self, ps, width, fill):
        q = self.pts(ps)
        self.d.line(q, fill=fill, width=max(1, round(width * self.ss)), joint="curve")
        r = width * self.ss / 2
        for x, y in (q[0], q[-1]):
            self.d.ellipse([x - r, y - r, x + r, y + r], fill=fill)

    def put(self, tile, x, y):
        """Lay an RGBA float tile (already SS times too large) at x, y."""
        im = Image.fromarray(np.clip(tile, 0, 255).astype(np.uint8), "RGBA")
        self.im.alpha_composite(im, (round((x - self.x) * self.ss), round((y - self.y) * self.ss)))

    def shade(self, draw, blur, colour=(0, 0, 0), alpha=1.0):
        """Lay a blurred shape: a soft shadow or a soft light."""
        m = Layer(self.x, self.y, self.w, self.h, self.ss)
        draw(m)
        a = m.im.getchannel("A").filter(ImageFilter.GaussianBlur(blur * self.ss))
        s = Image.new("RGBA", self.im.size, colour + (0,))
        s.putalpha(a.point(lambda v: round(v * alpha)))
        self.im.alpha_composite(s)

    def floats(self):
        """Premultiplied colour and alpha at scene size."""
        a = np.asarray(self.im, np.float32)
        a[..., :3] *= a[..., 3:] / 255
        s = self.ss
        a = a.reshape(self.h, s, self.w, s, 4).mean((1, 3))
        return a[..., :3], a[..., 3:] / 255


def over(dst, layer, x=None, y=None, k=1.0):
    c, a = layer.floats() if isinstance(layer, Layer) else layer
    x = layer.x if x is None else x
    y = layer.y if y is None else y
    x0, y0 = max(0, x), max(0, y)
    x1, y1 = min(dst.shape[1], x + c.shape[1]), min(dst.shape[0], y + c.shape[0])
    c, a = c[y0 - y:y1 - y, x0 - x:x1 - x], a[y0 - y:y1 - y, x0 - x:x1 - x]
    v = dst[y0:y1, x0:x1]
    v *= 1 - a * k
    v += c * k
