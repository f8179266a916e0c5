"""The answers of the form in words, for the page and for the organization's own tools."""

from flask_babel import lazy_gettext as _l

from clinic.db import Text3

WHAT = {
    "stopped": _l("Stopped, searched or held without a reason"),
    "money": _l("Money or something else was demanded"),
    "beaten": _l("Beating, pain"),
    "forced": _l("Rape or other sexual violence"),
    "threatened": _l("Threats, insults"),
    "exposed": _l("My photo, name or health was given away"),
    "tested": _l("A test or treatment against my will"),
    "refused": _l("Help or a complaint was refused"),
    "taken": _l("Documents, phone or things were taken"),
    "held": _l("Not let go, made to work"),
    "other": _l("Something else"),
}
WHEN = {
    "days": _l("in the last 3 days"),
    "month": _l("in the last month"),
    "year": _l("in the last year"),
    "earlier": _l("earlier"),
    "ongoing": _l("it goes on"),
}
WHO = {
    "police": _l("Police"),
    "official": _l("Another official"),
    "client": _l("A client"),
    "family": _l("Partner or family"),
    "manager": _l("Whoever takes the money"),
    "medic": _l("Medical staff"),
    "landlord": _l("Whoever rents out the flat"),
    "strangers": _l("Strangers"),
    "other": _l("Somebody else"),
}
EVIDENCE = {
    "photos": _l("Photos, video, sound"),
    "messages": _l("Messages, call list"),
    "papers": _l("A protocol or other paper"),
    "medical": _l("A doctor's paper"),
    "witnesses": _l("Somebody saw it"),
    "injuries": _l("Traces on the body or on things"),
    "none": _l("Nothing"),
}
STATUS = {
    "citizen": _l("Citizen of Kazakhstan"),
    "resident": _l("Residence permit"),
    "temporary": _l("Temporary stay or registration"),
    "none": _l("No valid papers"),
}
QUESTIONS = {
    "what": _l("What was done"),
    "when": _l("About when"),
    "when_words": _l("When, in your own words"),
    "region": _l("Region"),
    "where": _l("About where"),
    "who": _l("Who did it"),
    "who_words": _l("More about them"),
    "evidence": _l("What can confirm it"),
    "status": _l("Papers"),
    "text": _l("In your own words"),
}
REGIONS = {
    "75": Text3("Алматы қаласы", "город Алматы", "Almaty city"),
    "71": Text3("Астана қаласы", "город Астана", "Astana city"),
    "79": Text3("Шымкент қаласы", "город Шымкент", "Shymkent city"),
    "10": Text3("Абай облысы", "область Абай", "Abai region"),
    "11": Text3("Ақмола облысы", "Акмолинская область", "Aqmola region"),
    "15": Text3("Ақтөбе облысы", "Актюбинская область", "Aqtobe region"),
    "19": Text3("Алматы облысы", "Алматинская область", "Almaty region"),
    "23": Text3("Атырау облысы", "Атырауская область", "Atyrau region"),
    "27": Text3("Батыс Қазақстан облысы", "Западно-Казахстанская область", "West Kazakhstan region"),
    "31": Text3("Жамбыл облысы", "Жамбылская область", "Jambyl region"),
    "33": Text3("Жетісу облысы", "область Жетісу", "Jetisu region"),
    "35": Text3("Қарағанды облысы", "Карагандинская область", "Qaragandy region"),
    "39": Text3("Қостанай облысы", "Костанайская область", "Qostanai region"),
    "43": Text3("Қызылорда облысы", "Кызылординская область", "Qyzylorda region"),
    "47": Text3("Маңғыстау облысы", "Мангистауская область", "Mangystau region"),
    "55": Text3("Павлодар облысы", "Павлодарская область", "Pavlodar region"),
    "59": Text3("Солтүстік Қазақстан облысы", "Северо-Казахстанская область", "North Kazakhstan region"),
    "61": Text3("Түркістан облысы", "Туркестанская область", "Turkistan region"),
    "62": Text3("Ұлытау облысы", "область Ұлытау", "Ulytau region"),
    "63": Text3("Шығыс Қазақстан облысы", "Восточно-Казахстанская область", "East Kazakhstan region"),
}
