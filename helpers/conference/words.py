"""Word lists for invented people, talks and rooms: plain words, put together so that nobody takes them for real."""


def _listed(text: str, at: str = " ") -> list[str]:
    return text.split(at)


FIRST_NAMES = _listed(
    "Acorn Almanac Bellows Biscuit Bobbin Bonnet Brisket Cardigan Chutney Cinder Clover Crumpet Custard Doily "
    "Drizzle Fennel Fiddle Figment Gazebo Gherkin Gimlet Hazelnut Icicle Jamboree Kelp Kumquat Latch Lozenge "
    "Mackerel Marzipan Mitten Noodle Nutmeg Oatmeal Origami Parsnip Pinecone Pixel Quince Radish Rhubarb Sherbet "
    "Sprocket Tangram Truffle Turnip Waffle Zucchini"
)

SURNAME_BEGINNINGS = _listed(
    "Button Cobble Copper Cotton Crumble Feather Fiddle Flannel Ginger Gravel Jelly Marble Mossy Muffin Paper Pepper "
    "Pickle Pocket Puddle Ribbon Rubber Saddle Thimble Thunder Toffee Tumble Velvet Walnut Whistle Wicker Wobble "
    "Woollen"
)

SURNAME_ENDINGS = _listed(
    "anchor balloon bramble bucket candle compass cushion drawer flask goblet hammock harp jar kettle kite ladder "
    "lantern mug napkin oar pancake parasol pillow rudder satchel shovel spoon teapot trumpet umbrella wheelbarrow "
    "zipper"
)

TITLE_BEGINNINGS = _listed(
    "Befriending,Counting,Debugging,Explaining,Forgetting,Guessing,Herding,Inheriting,Juggling,Knitting,Measuring,"
    "Mending,Naming,Outgrowing,Packing,Questioning,Rescuing,Sketching,Taming,Translating,Unfolding,Untangling,"
    "Watering,Whispering to",
    at=",",
)

SUBJECTS = _listed(
    "aggregates,background tasks,backups,cache keys,class-based views,context processors,cookies,custom managers,"
    "fixtures,form sets,generic relations,indexes,log files,middleware,migrations,model forms,permissions,querysets,"
    "redirects,reverse relations,sessions,signals,static files,template tags,time zones,transactions,URL patterns,"
    "worker processes",
    at=",",
)

TITLE_ENDINGS = _listed(
    "after midnight,at the bottom of a well,before breakfast,by candlelight,by post,during a power cut,from a canoe,"
    "in a lighthouse,in a rented van,in forty minutes,in the rain,on a night train,on one sheet of paper,on stilts,"
    "under a blanket,uphill both ways,with a borrowed laptop,with cold hands,with eleven cats,with one wooden spoon,"
    "without a map,without coffee,without looking,without tears",
    at=",",
)

ROOM_BEGINNINGS = _listed("Acorn Biscuit Cobble Drizzle Feather Gherkin Lantern Marzipan Parsnip Teapot")
ROOM_ENDINGS = _listed("Hall Cellar Attic")

TRADES = _listed(
    "lighthouse keeper,retired acrobat,kite inspector,teapot restorer,part-time cartographer,bell tuner,"
    "submarine librarian,cheese archivist,cloud counter,umbrella engineer",
    at=",",
)

COMPANIES = _listed(
    "Button & Kettle,Cobble Works,Drizzle and Daughters,The Feather Foundry,Gherkin Cooperative,Lantern Logistics,"
    "Marzipan Metrics,Teapot Systems",
    at=",",
)
