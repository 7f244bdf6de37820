"""Makes Inter-Regular.ttf and Inter-SemiBold.ttf beside this file. Run it by hand; nothing runs it in a build.

    npm pack inter-ui@4.1.1 && tar xzf inter-ui-4.1.1.tgz
    pip install fonttools==4.68.0 brotli==1.2.1
    python3 make.py package/web

Inter 4.1 (SIL Open Font License 1.1, LICENSE.txt beside this file, no reserved name), cut down to what pacer prints. Two
changes besides the cut: figures have one width without asking for `tnum`, which resvg can't ask for; and the bars of a
sparkline, which Inter lacks, are drawn as plain boxes.
"""

import pathlib
import sys

from fontTools import subset
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

HERE = pathlib.Path(__file__).parent
# As `covers` in mod.rs; a test compares the two.
RANGES = [
    (0x20, 0x7E), (0xA0, 0xAC), (0xAE, 0x148), (0x14A, 0x17F), (0x218, 0x21B), (0x300, 0x304), (0x306, 0x308), (0x30A, 0x30A), (0x30C, 0x30C),
    (0x386, 0x386), (0x388, 0x38A), (0x38C, 0x38C), (0x38E, 0x3A1), (0x3A3, 0x3CE), (0x400, 0x45F), (0x2010, 0x2027), (0x202F, 0x203A),
    (0x20AC, 0x20AC), (0x2190, 0x2199), (0x2212, 0x2212), (0x221E, 0x221E), (0x2248, 0x2248), (0x2264, 0x2265),
    (0x2581, 0x2588), (0x25A0, 0x25A1), (0x25B2, 0x25B2), (0x25BC, 0x25BC), (0x25C6, 0x25C6), (0x25CB, 0x25CB), (0x25CF, 0x25CF),
    (0x2713, 0x2713), (0x2717, 0x2717),
]
BARS = range(0x2581, 0x2589)


def tabular(font):
    """Letters of the character map stand for what `tnum` would replace them by."""
    table = font["GSUB"].table
    wanted = {index for record in table.FeatureList.FeatureRecord if record.FeatureTag == "tnum" for index in record.Feature.LookupListIndex}
    swap = {}
    for index in wanted:
        for part in table.LookupList.Lookup[index].SubTable:
            part = getattr(part, "ExtSubTable", part)
            swap.update(part.mapping)
    for part in font["cmap"].tables:
        if part.isUnicode():
            part.cmap = {letter: swap.get(glyph, glyph) if chr(letter).isdigit() else glyph for letter, glyph in part.cmap.items()}


def bars(font):
    """An eighth to the whole of the line's height, as wide as a figure."""
    upem, wide = font["head"].unitsPerEm, font["hmtx"][font.getBestCmap()[ord("0")]][0]
    low, high = -int(upem * 0.12), int(upem * 0.78)
    order = font.getGlyphOrder()
    for eighths, letter in enumerate(BARS, 1):
        pen, name, top = TTGlyphPen(None), f"bar{eighths}", low + (high - low) * eighths // 8
        for nth, point in enumerate([(0, low), (0, top), (wide, top), (wide, low)]):
            (pen.lineTo if nth else pen.moveTo)(point)
        pen.closePath()
        font["glyf"][name] = pen.glyph()
        font["hmtx"][name] = (wide, 0)
        order.append(name)
        for part in font["cmap"].tables:
            if part.isUnicode():
                part.cmap[letter] = name
    font.setGlyphOrder(list(dict.fromkeys(order)))


def make(source, name):
    font = TTFont(source / f"{name}.woff2")
    font.flavor = None
    tabular(font)
    bars(font)
    options = subset.Options()
    options.layout_features = ["kern", "mark", "mkmk", "ccmp"]
    options.hinting = False
    options.name_IDs = [0, 1, 2, 4, 5, 6, 13, 14, 16, 17]
    options.notdef_outline = True
    options.drop_tables += ["STAT", "meta"]
    options.recalc_timestamp = False
    wanted = [letter for low, high in RANGES for letter in range(low, high + 1)]
    cut = subset.Subsetter(options)
    cut.populate(unicodes=wanted)
    cut.subset(font)
    lacking = sorted(set(wanted) - set(font.getBestCmap()))
    assert not lacking, [hex(letter) for letter in lacking]
    font.save(HERE / f"{name}.ttf")


if __name__ == "__main__":
    for name in ["Inter-Regular", "Inter-SemiBold"]:
        make(pathlib.Path(sys.argv[1]), name)
