"""The measures of the clip: its size and length, and where things stand in it."""

W, H, FPS, LOOP = 960, 540, 25, 12.0  # pixels, frames a second, seconds

WIN = (58, 52, 322, 318)  # window opening
TABLE = 404               # far edge of the table
CUP_AT = (492, 446)       # the cup's foot
LAMPS = ((492, 168, 1.0, 1, 0.0), (636, 112, .78, 1, 2.1))  # x, length, size, swings per loop, phase
CLOCK = (398, 118)        # middle of its face
