"""Sound: the music of the clip, as long as the loop and without a seam."""

import math
import wave

import numpy as np

from .paint import TAU, smooth
from .stage import LOOP

RATE = 48000


def music():
    n = int(RATE * LOOP)
    out = np.zeros((2, n))
    send = np.zeros((2, n))
    rng = np.random.default_rng(12)

    def add(buf, start, sig, pan, gain):
        i = (np.arange(len(sig)) + int(start * RATE)) % n  # what runs over the end begins the loop
        np.add.at(buf[0], i, sig * gain * math.cos(pan * math.pi / 2))
        np.add.at(buf[1], i, sig * gain * math.sin(pan * math.pi / 2))

    def hz(k):
        return 440 * 2 ** ((k - 69) / 12)

    def pad(k, start, length):
        t = np.arange(int((length + 1.6) * RATE)) / RATE
        env = smooth(0, 1.0, t) * (1 - smooth(length - .3, length + 1.6, t))
        for pan in (.2, .8):
            d = 1 + (pan - .5) * .0035
            ph = rng.uniform(0, TAU)
            s = sum(g * np.sin(TAU * hz(k) * d * h * t + ph * h) for h, g in ((1, 1), (2, .28), (3, .10), (4, .03)))
            s *= env * (1 + .12 * np.sin(TAU * t * .5 + ph))
            add(out, start, s, pan, .028)
            add(send, start, s, pan, .022)

    def pluck(k, start, gain, pan):
        t = np.arange(int(2.6 * RATE)) / RATE
        fm = np.sin(TAU * hz(k) * 2 * t) * .9 * np.exp(-t * 7)
        s = np.sin(TAU * hz(k) * t + fm) * np.exp(-t * 2.3) * smooth(0, .008, t) * (1 - smooth(2.2, 2.6, t))
        add(out, start, s, pan, .062 * gain)
        add(send, start, s, pan, .055 * gain)

    # F maj9, D min9, Bb maj7, C sus - three seconds each, eighths at 80 a minute
    chords = ((41, (53, 57, 60, 64, 67)), (38, (53, 57, 60, 64, 65)), (34, (50, 53, 57, 62, 65)), (36, (50, 55, 58, 60, 65)))
    tune = {0: 81, 3: 79, 5: 76, 8: 77, 11: 76, 13: 72, 16: 74, 19: 77, 22: 74, 24: 72, 27: 70, 29: 67}
    for c, (root, notes) in enumerate(chords):
        for k in notes:
            pad(k, c * 3, 3)
        pad(root, c * 3, 3)
        for i, q in enumerate((0, 2, 1, 3, 4, 2, 3, 1)):
            pluck(notes[q] + 12, c * 3 + i * .375 + rng.uniform(0, .012), .34 + .12 * (i % 4 == 0), .32 + .36 * (i % 2))
    for b, k in tune.items():
        pluck(k, b * .375 + .01, .55, .46)
    # a round hall: circular convolution keeps the loop whole
    t = np.arange(n) / RATE
    for ch in range(2):
        ir = rng.standard_normal(n) * np.exp(-t * 2.6) * smooth(0, .03, t)
        spec = np.fft.rfft(ir)
        fr = np.fft.rfftfreq(n, 1 / RATE)
        spec *= 1 / (1 + (fr / 2600) ** 2) * (fr / (fr + 160))
        wet = np.fft.irfft(np.fft.rfft(send[ch]) * spec, n)
        out[ch] += wet * (.55 * np.std(send[ch]) / np.std(wet))
    fr = np.fft.rfftfreq(n, 1 / RATE)
    out = np.fft.irfft(np.fft.rfft(out) / (1 + (fr / 6500) ** 4), n)
    # players leave a gap of some samples where a file begins again: a short dip there instead of a click
    i = np.arange(n)
    out *= smooth(0, RATE * .015, np.minimum(i, n - 1 - i))
    return out * (.20 / np.abs(out).max())  # peak at -14 dB


def write_wav(path):
    s = (music().T * 32767).round().astype("<i2")
    with wave.open(str(path), "wb") as f:
        f.setnchannels(2)
        f.setsampwidth(2)
        f.setframerate(RATE)
        f.writeframes(s.tobytes())
