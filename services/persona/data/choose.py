"""Tells how well unseen questions are answered at the constants of `Fading` (src/estimate.rs) and around them.

Every survey item is asked as if the bank lacked it, or its survey, and compared with what the fit to the survey's own respondents says of the
panel: those that are held out are not looked at. Arguments: the `persona` program, the folder of the embedding model.
"""

import csv
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from features import cut, of_panel, softmax

HERE = pathlib.Path(__file__).parent
AROUND = dict(fade=(0.04, 0.07, 0.1), near=(0.55, 0.7), unrelated=(0.25, 0.4), doubt=(0.0, 1.0, 6.0))


def fitted():
    """What the fits say of the panel's groups, as `held_out.json` says what respondents said."""
    people = list(csv.DictReader((HERE / "panel.csv").open()))
    x = of_panel({name: np.array([float(p[name]) for p in people]) for name in people[0]})
    questions = {q["item"]: q for q in json.loads((HERE / "held_out.json").read_text())["questions"]}
    groups = []
    for item in json.loads((HERE / "items.json").read_text())["items"]:
        if item["kind"] != "survey":
            continue
        options = [option["label"] for option in item["options"]]
        questions.setdefault(item["id"], dict(item=item["id"], question=item["text"], options=options))
        coefficients = np.array(item["coefficients"])
        shares = softmax(x @ coefficients.T)
        groups += [dict(item=item["id"], group=name, audience=audience, n=int(who.sum()), shares=shares[who].mean(axis=0).tolist())
                   for name, audience, who in cut(x, coefficients.any(axis=0))]
    return dict(questions=list(questions.values()), groups=groups)


def main(program, model):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(fitted(), file)
        file.flush()
        print("                 accuracy, adaptability, structure, geometric mean, in interval: without the item    without its survey")
        for name, value in [("chosen", "")] + [(name, value) for name, values in AROUND.items() for value in values]:
            constants = [f"--{name}", str(value)] if value != "" else []
            told = subprocess.run([program, "evaluate", "--json", "--held", file.name, "--model-dir", model, *constants],
                                  capture_output=True, text=True, check=True).stdout
            _, *unseen = json.loads(told)["predictors"][:3]
            figures = ["  ".join(f"{p[key]:.3f}" for key in ("accuracy", "adaptability", "structure", "geometric_mean", "covered")) for p in unseen]
            print(f"{name:>10} {value:<5} {figures[0]}    {figures[1]}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
