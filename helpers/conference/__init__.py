"""The Django app that all lessons share: the talks, speakers, rooms, attendees and ratings of one conference."""
