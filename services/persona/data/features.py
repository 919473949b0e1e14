"""The features of a person, in the order that `src/panel.rs` computes them too, and regularised multinomial models on them."""

import numpy as np
from scipy.optimize import minimize

NAMES = ["bias", "female", "age", "age2", "black", "hispanic", "asian", "other", "education", "income",
         "northeast", "south", "west", "party", "strength", "ideology", "religion"]
AT = {name: i for i, name in enumerate(NAMES)}

RACES = ["white", "black", "hispanic", "asian", "other"]
REGIONS = ["northeast", "midwest", "south", "west"]
STATES = {
    "northeast": "CT ME MA NH RI VT NJ NY PA", "midwest": "IL IN MI OH WI IA KS MN MO NE ND SD",
    "west": "AZ CO ID MT NV NM UT WY AK CA HI OR WA",
}
ABBREVIATED = {state: region for region, states in STATES.items() for state in states.split()}


def design(n, **columns):
    """A design matrix from what a table has. What it lacks, and what is missing in a row, stands at its centre (0)."""
    x = np.zeros((n, len(NAMES)))
    x[:, 0] = 1
    put = lambda name, values: x.__setitem__((slice(None), AT[name]), np.nan_to_num(np.asarray(values, float)))
    for name in ("female", "black", "hispanic", "asian", "other", "northeast", "south", "west"):
        if name in columns:
            put(name, columns[name])
    if "age" in columns:
        age = np.clip((np.asarray(columns["age"], float) - 48) / 17, -1.8, 2.0)
        put("age", age)
        put("age2", age ** 2 - 1)
    if "education" in columns:  # 0 no high school, 1 high school, 2 some college, 3 bachelor's, 4 graduate
        put("education", (np.asarray(columns["education"], float) - 2) / 1.3)
    if "income" in columns:  # 0 under 25,000 ... 5 at least 150,000
        put("income", (np.asarray(columns["income"], float) - 2.5) / 1.6)
    if "party" in columns:  # 1 strong Democrat ... 7 strong Republican
        party = (np.asarray(columns["party"], float) - 4) / 3
        put("party", party)
        put("strength", np.abs(party) - 0.55)
    if "ideology" in columns:  # 1 very liberal ... 5 very conservative
        put("ideology", (np.asarray(columns["ideology"], float) - 3) / 2)
    if "religion" in columns:  # how important: 1 not at all ... 4 very
        put("religion", (np.asarray(columns["religion"], float) - 2.5) / 1.5)
    return x


def of_people(p, **more):
    """The features of people by the columns of the panel, as far as they are drawn."""
    columns = {r: p["race"] == i for i, r in enumerate(RACES) if i}
    columns |= {r: p["region"] == i for i, r in enumerate(REGIONS) if r != "midwest"}
    return design(len(p["age"]), female=p["gender"] == 0, age=p["age"], education=p["education"], **columns, **more)


def of_panel(p):
    return of_people(p, income=p["income"], party=p["party"] + 1, ideology=p["ideology"] + 1, religion=p["religion"] + 1)


def cut(x, known):
    """Groups as (name, audience, who is in it), as far as it is known who is: an audience is written as a request's."""
    of = lambda name: x[:, AT[name]]
    age = of("age") * 17 + 48
    groups = [
        ("all", {}, "bias", of("bias") == 1),
        ("women", {"gender": "women"}, "female", of("female") == 1), ("men", {"gender": "men"}, "female", of("female") == 0),
        ("18-34", {"age": "18-34"}, "age", (age < 34.5) & (of("age") != 0)), ("35-54", {"age": "35-54"}, "age", (age > 34.5) & (age < 54.5)),
        ("55+", {"age": "55+"}, "age", age > 54.5),
        ("white", {"race": "white"}, "hispanic", x[:, 4:8].sum(axis=1) == 0), ("black", {"race": "Black"}, "black", of("black") == 1),
        ("no college degree", {"education": "no college degree"}, "education", of("education") < 0.5),
        ("college graduates", {"education": "college graduate"}, "education", of("education") > 0.5),
        ("Democrats", {"party": "Democrats and leaners"}, "party", of("party") < -0.2),
        ("Republicans", {"party": "Republicans and leaners"}, "party", of("party") > 0.2),
        ("liberals", {"ideology": "liberal"}, "ideology", of("ideology") < -0.2),
        ("conservatives", {"ideology": "conservative"}, "ideology", of("ideology") > 0.2),
    ]
    return [(name, audience, who) for name, audience, by, who in groups if known[AT[by]]]


def softmax(z):
    z = np.exp(z - z.max(axis=1, keepdims=True))
    return z / z.sum(axis=1, keepdims=True)


def fit(x, y, k, weight=None, ridge=4.0):
    """Multinomial logit, K rows of coefficients; a ridge on everything but the intercepts."""
    w = np.ones(len(y)) if weight is None else np.asarray(weight, float)
    hot = np.eye(k)[y] * w[:, None]

    def loss(flat):
        b = flat.reshape(k, -1)
        p = softmax(x @ b.T)
        value = -(hot * np.log(p + 1e-12)).sum() + ridge * (b[:, 1:] ** 2).sum() / 2
        gradient = (p * w[:, None] - hot).T @ x
        gradient[:, 1:] += ridge * b[:, 1:]
        return value, gradient.ravel()

    b = minimize(loss, np.zeros(k * x.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 400}).x
    return b.reshape(k, -1)


def calibrate(x, b, target, rounds=60):
    """The intercepts that make the mean over `x` the target."""
    b = b.copy()
    for _ in range(rounds):
        b[:, 0] += np.log(np.asarray(target)) - np.log(softmax(x @ b.T).mean(axis=0))
    return b
