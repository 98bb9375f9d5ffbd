"""The words that `spoken_words` speaks: 200 common ones of one to four syllables, none of which sounds like another."""

_LIST = """
zero one two three four five six seven eight nine red green blue yellow purple orange silver golden monday
tuesday friday sunday january april august october water fire river mountain ocean forest desert island valley
garden table window kitchen mirror candle bottle basket hammer ladder blanket apple banana cherry lemon tomato
potato pepper butter sugar coffee animal elephant tiger monkey rabbit spider eagle dolphin donkey chicken
mother father sister brother doctor teacher soldier farmer captain lawyer happy angry hungry thirsty lazy
clever gentle simple empty heavy running walking jumping singing reading writing thinking sleeping falling
laughing house street village city market station bridge castle temple school music picture story number
letter paper pencil camera machine engine winter summer morning evening minute hour second weather thunder
shadow north south left right above below inside outside between behind black white brown pink bread cheese
milk fish salt rice hand foot head nose mouth finger shoulder stomach heart bone open close begin finish
answer question problem reason promise danger country nation language science history nature freedom power
money chair clock pillow carpet ticket rainbow feather hunter singer bicycle airplane tractor rocket sailor
pirate magic dragon wizard giant yes no maybe never always hello
"""

WORDS = tuple(_LIST.split())
