"""What Rob Martin's notes on the last day of DjangoCon 2011 name: speakers, talks, employers; the words are ours.

Names and titles are those of the notes ("DjangoCon, part four", by Rob Martin), except that they say Danny for
Daniel Greenfeld, and give no title for Jacob Kaplan-Moss's keynote and no speaker for the session on web scraping.
"""

SPEAKERS = {
    "Glyph Lefkowitz": "Founded the Twisted project.",
    "Daniel Greenfeld": "Spoke about forms, together with Miguel Araujo.",
    "Miguel Araujo": "Spoke about forms, together with Daniel Greenfeld.",
    "Issac Kelly": "Spoke about teaching Django, and where beginners stumble.",
    "Andrew Godwin": "Spoke about running Django sites in production.",
    "Jacob Burch": "Spoke about caching, together with Noah Silas.",
    "Noah Silas": "Spoke about caching, together with Jacob Burch.",
    "Jacob Kaplan-Moss": "A core developer of Django; wrote about forms whose fields come from the database.",
}

COMPANIES = {"Jacob Burch": "Revolution Systems", "Jacob Kaplan-Moss": "Revolution Systems"}

# title, kind, speakers in their order, abstract
TALKS = [
    (
        "Why does Django hate Python",
        "keynote",
        ["Glyph Lefkowitz"],
        "A call to use more Python, all the way down: good design is not enough, a system has to be consistent too.",
    ),
    (
        "Advanced Django Forms",
        "talk",
        ["Daniel Greenfeld", "Miguel Araujo"],
        "The Zen of Python and Spartan programming applied to forms: shorter, flatter, with fewer conditionals.",
    ),
    (
        "Teaching Django to comrades",
        "talk",
        ["Issac Kelly"],
        "Seven places where newcomers stumble, and two axioms that help them up.",
    ),
    (
        "Deployment, daemons, and datacenters",
        "talk",
        ["Andrew Godwin"],
        "A stack for production, what to add when load grows, and which copies of the data are backups.",
    ),
    (
        "Content ain't a thing: web scraping",
        "talk",
        [],
        "The notes give the title of this session, and neither a speaker nor its content.",
    ),
    (
        "Cache rules everything around me",
        "talk",
        ["Jacob Burch", "Noah Silas"],
        "Four reasons not to cache, then the patterns for those who must.",
    ),
    (
        "Keynote by Jacob Kaplan-Moss",
        "keynote",
        ["Jacob Kaplan-Moss"],
        "The notes mention it for one remark: Django 2.0 would be the release after 1.9, and no revolution.",
    ),
]
