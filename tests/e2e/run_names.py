"""The names of all tests, for those that check that a test exists."""
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))


def names():
    out = set()
    for file in os.listdir(HERE):
        if file.startswith("test_") and file.endswith(".py"):
            with open(os.path.join(HERE, file), encoding="utf-8") as f:
                text = f.read()
            out.update(re.findall(r"^def ([a-z]\w*)\(place\)", text, re.M))
            out.update("metric_" + m for m in re.findall(r'^_(?:case|add)\("(\w+)"', text, re.M))
    return out
