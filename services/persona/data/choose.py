"""Tells how well unseen questions are answered at other constants of `Fading` (src/estimate.rs) and widths of scales (src/scale/norm.rs).

Every survey item is asked as if the bank lacked its survey, or the item alone, and compared with what the fit to the survey's own
respondents says of the panel: those that are held out are not looked at. Arguments: the `persona` program, the folder of the model.
"""

import json
import pathlib
import re
import subprocess
import sys

import numpy as np

from features import AT, NAMES, design, softmax

HERE = pathlib.Path(__file__).parent
RACES = ["white", "black", "hispanic", "asian", "other"]
REGIONS = ["northeast", "midwest", "south", "west"]
PARTISAN = np.zeros(len(NAMES))
PARTISAN[[AT["party"], AT["ideology"]]] = 1.6, 0.8
NEUTRAL = ("neither", "neutral")
DEGREES = ("not too", "not very", "not many", "not much", "hardly", "some of the time", "fair", "poor")


def people():
    gender, age, race, education, income, region, party, ideology, religion = np.loadtxt(HERE / "panel.csv", delimiter=",", skiprows=1)[::3, :9].T
    return design(len(age), female=gender == 0, age=age, education=education, income=income, party=party + 1, ideology=ideology + 1, religion=religion + 1,
                  **{name: race == i for i, name in enumerate(RACES) if i}, **{name: region == i for i, name in enumerate(REGIONS) if name != "midwest"})


def groups(x):
    """Who they are, by the feature that must be known of them."""
    low, high = x[:, AT["age"]] < -0.8, x[:, AT["age"]] > 0.4
    of = lambda name: x[:, AT[name]]
    return [("bias", of("bias") > 0), ("female", of("female") == 1), ("female", of("female") == 0), ("age", low), ("age", high),
            ("black", of("black") == 1), ("education", of("education") < 0.5), ("education", of("education") > 0.5),
            ("party", of("party") < -0.2), ("party", of("party") > 0.2), ("ideology", of("ideology") < -0.2), ("ideology", of("ideology") > 0.2)]


def on_scale(lean, k, width):
    j = np.arange(1, k)
    up_to = 1 / (1 + np.exp(lean[:, None] - width * np.log(j / (k - j))))
    return np.diff(np.hstack([np.zeros((len(lean), 1)), up_to, np.ones((len(lean), 1))])).mean(axis=0)


class Bank:
    def __init__(self, program, model):
        self.items = json.loads((HERE / "items.json").read_text())["items"]
        asked = {q["item"]: q["question"] for q in json.loads((HERE / "held_out.json").read_text())["questions"]}
        read = lambda texts: [json.loads(line) for line in subprocess.run(
            [program, "meanings", "--questions", "--model-dir", model], input="\n".join(texts) + "\n", capture_output=True, text=True, check=True).stdout.splitlines()]
        texts = [it["text"] for it in self.items]
        told, ours = read([asked.get(it["id"], it["text"]) for it in self.items]), read(texts)
        self.near = np.maximum(np.array([t["meaning"] for t in told]) @ np.array([t["meaning"] for t in ours]).T, 0)
        self.asks, self.side = (np.array([t["side"] for t in all]) for all in (told, ours))
        self.party = np.array([t["party"] for t in ours])
        self.asked_party = np.array([t["party"] for t in told])
        self.survey = np.array([it["kind"] == "survey" for it in self.items])
        self.house = np.array([re.split(r"\d", it["source"])[0] if it["kind"] == "survey" else "" for it in self.items])
        self.lines = np.array([it["leaning"] for it in self.items])
        self.known = (self.lines != 0) | ~self.survey[:, None]
        self.known[:, 0] = True
        self.known[:, 13:17] |= self.known[:, 13:17].any(axis=1)[:, None]
        self.said = (self.lines - self.party[:, None] * PARTISAN) * self.side[:, None]
        self.options = np.array([len(it["options"]) for it in self.items])
        self.widths = np.array([it["width"] for it in self.items])
        labels = [[o["label"] for o in it["options"]] for it in self.items]
        says = lambda words: np.array([any(word in label for label in of for word in words) for of in labels])
        self.scale = np.select([says(NEUTRAL), says(DEGREES)], [1, 2], 0)

    def answer(self, i, gone, fade, near, unrelated, doubt, widths):
        similar = np.where(gone, 0, self.near[i])
        best = similar.max()
        weight = np.where(similar > 0, np.exp((similar - best) / fade), 0)
        known = weight @ self.known + doubt * (1 - best)
        known[0] = weight.sum()
        line = self.asks[i] * (weight @ (self.said * self.known) / known + self.asked_party[i] * PARTISAN)
        reliance = np.clip((best - unrelated) / (near - unrelated), 0, 1)
        line[0] = line[0] * reliance + 0.2 * (1 - reliance)
        alike = weight * (self.survey & (self.options == self.options[i]))
        width = np.exp((alike @ np.log(self.widths) + 0.5 * np.log(widths[self.scale[i]])) / (alike.sum() + 0.5))
        return line, width


def judge(bank, x, cut, truth, forgets, **constants):
    """Accuracy, adaptability, the geometric mean of the two, and the deviation of which 1.645 hold nine in ten errors."""
    centred = x - x.mean(axis=0) * (np.arange(len(NAMES)) > 0)
    off = even = 0.0
    departures, errors = ([], []), []
    for i, shares in truth.items():
        line, width = bank.answer(i, forgets(i), **constants)
        k, lean, all = len(shares[0]), centred @ line, None
        for (by, who), real in zip(cut, shares):
            if real is None:
                continue
            told = on_scale(lean[who], k, width)
            off += abs(told - real).sum()
            errors.extend(abs(told - real))
            even += abs(1 / k - real).sum()
            all = told if all is None else all
            departures[0].extend(told - all)
            departures[1].extend(real - shares[0])
    accuracy, adaptability = 1 - off / even, np.corrcoef(*departures)[0, 1]
    return accuracy, adaptability, np.sqrt(max(accuracy, 0) * max(adaptability, 0)), np.quantile(errors, 0.9) / 1.645


def main(program, model):
    bank, x = Bank(program, model), people()
    cut = groups(x)
    truth = {}
    for i in np.flatnonzero(bank.survey):
        shares = softmax(x @ np.array(bank.items[i]["coefficients"]).T)
        truth[i] = [shares[who].mean(axis=0) if bank.known[i, AT[by]] and (bank.lines[i, AT[by]] or by == "bias") else None for by, who in cut]
    ways = [("item", lambda i: np.arange(len(bank.items)) == i), ("survey", lambda i: bank.house == bank.house[i])]
    chosen = dict(fade=0.055, near=0.62, unrelated=0.32, doubt=3.0, widths=(1.2, 0.8, 1.8))
    others = dict(fade=(0.04, 0.07, 0.1), near=(0.55, 0.7), unrelated=(0.25, 0.4), doubt=(0.0, 1.0, 6.0),
                  widths=((1.2, 1.2, 1.2), (1.0, 1.0, 1.0), (1.2, 0.6, 1.8), (1.2, 0.8, 1.5)))
    print(f"{'':<34} without the item               without its survey")
    for name, value in [("chosen", None)] + [(n, v) for n, values in others.items() for v in values]:
        constants = chosen if value is None else chosen | {name: value}
        told = ["  ".join(f"{v:.3f}" for v in judge(bank, x, cut, truth, forgets, **constants)) for _, forgets in ways]
        print(f"{name + ('' if value is None else ' ' + str(value)):<34} {told[0]}     {told[1]}")


if __name__ == "__main__":
    main(*sys.argv[1:])
