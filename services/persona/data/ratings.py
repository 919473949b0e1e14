"""Fits what praise looks like among sentence meanings: `ratings.json`, 384 weights and an intercept, from half of a labelled set.

The set is "Sentiment Labelled Sentences" (Kotzias and others 2015, UCI, CC BY 4.0): a thousand sentences each of Amazon, Yelp and IMDb
reviews, marked as praise or blame by people, as npm's `sentiment` ships it. Every second sentence of Amazon and Yelp is fitted; `persona
evaluate` judges by the others and by all of IMDb. Arguments: the folder of the set, the `persona` program, the folder of the model.
"""

import json
import pathlib
import subprocess
import sys

import numpy as np
from scipy.optimize import minimize

SETS = ("amazon", "yelp")


def labelled(folder, name):
    rows = json.loads((folder / f"{name}.json").read_text())
    return [(" ".join(row["text"].split()), row["class"]) for row in rows if row.get("class") in (0, 1)]


def main(folder, program, model):
    rows = [row for name in SETS for row in labelled(pathlib.Path(folder), name)[::2]]
    text = "\n".join(sentence for sentence, _ in rows) + "\n"
    told = subprocess.run([program, "meanings", "--model-dir", model], input=text, capture_output=True, text=True, check=True)
    x = np.array([json.loads(line) for line in told.stdout.splitlines()])
    y = np.array([label for _, label in rows])

    def loss(w):
        z = x @ w[:-1] + w[-1]
        p = 1 / (1 + np.exp(-z))
        value = -(y * np.log(p + 1e-12) + (1 - y) * np.log(1 - p + 1e-12)).sum() + (w[:-1] ** 2).sum() / 2
        return value, np.r_[x.T @ (p - y) + w[:-1], (p - y).sum()]

    w = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B").x
    fit = {"source": "Sentiment Labelled Sentences (Kotzias and others 2015), CC BY 4.0", "n": len(y), "weights": np.round(w[:-1], 3).tolist(), "intercept": round(w[-1], 3)}
    (pathlib.Path(__file__).parent / "ratings.json").write_text(json.dumps(fit) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
