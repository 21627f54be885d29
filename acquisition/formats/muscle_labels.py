"""Muscle labels: muscle and side from the label of an EMG channel, where it says them clearly.

English, Latin, French, German, Italian, Spanish and Portuguese names and the usual short forms are known.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from acquisition.rig import Muscle, Side

_LETTERS: dict[str, Side] = {"l": "left", "r": "right"}
_SHORT_SIDES: dict[str, Side] = {"lt": "left", "rt": "right"}
_WORDS: dict[Side, str] = {
    "left": "left lft gauche links linkes linker linke li sinistra sinistro sin sx izquierda izquierdo izq esquerda esquerdo "
    "esq",
    "right": "right rgt droit droite rechts rechtes rechter rechte re destra destro dx derecha derecho der direita direito dir",
}
SIDE_WORDS: dict[str, Side] = {word: side for side, words in _WORDS.items() for word in words.split()}
SIDE_WORDS |= _LETTERS | _SHORT_SIDES
_OTHER_LETTERS: dict[str, Side] = {"d": "right", "g": "left"}
"""French letters count as words of their own only: `GMed` begins with one."""

_NAMES: dict[Muscle, str] = {
    "VL": "vl vlat vaslat vastlat vastuslat vastuslateral vastuslateralis vasext vasteext vastusexternus vlo "
    "vastuslateralisobliquus "
    "vastelateral vasteexterne vastolaterale vastoesterno vastolateral vastoexterno aussererschenkelmuskel",
    "VM": "vm vmo vmed vasmed vastmed vastusmed vastusmedial vastusmedialis vastusmedialisobliquus vasteint vastusinternus "
    "vastemedial vasteinterne vastomediale vastointerno vastomedial innererschenkelmuskel",
    "RF": "rf rec rect recfem rectfem rectusfem rectusfemoris rectus rfem droitfemoral droitanterieur droitant rettofemorale "
    "rectofemoral rectoanterior retofemoral retoanterior geraderschenkelmuskel",
    "BF": "bf bic bicfem bicepsfem bicepsfemoris biceps bfem bflh bicepsfemorislonghead bicepsfemorislh longheadbicepsfemoris "
    "bfl bicepsfemoriscaputlongum bicepsfemoriscaputlongus bicepsfemorislong bfsh bicepsfemorisshorthead "
    "bicepsfemoriscaputbreve "
    "bicepsfemoriscaputbrevis bicepsfemoral bicepscrural bicipitefemorale bicipefemorale bicepsfemorallongo beinbizeps "
    "bizepsfem bizepsfemoris zweikopfigerschenkelmuskel zweikoepfigerschenkelmuskel",
    "ST": "st semit semitend semiten semitendinosus semitendinous semitendineux demitendineux semitendinoso semitendineo "
    "halbsehnenmuskel halbsehniger",
    "GMax": "gmax glmax glutmax glutemax gluteusmax gluteusmaximus glmx gmx gluteusmaximum maxglut maximusgluteus "
    "glutaeusmax glutaeusmaximus grandfessier "
    "fessiergrand gluteomassimo grandegluteo grandegluteus gluteomayor gluteomaximo grossergesassmuskel groessergesaessmuskel",
    "GMed": "glutaeusmed glutaeusmedius "
    "gmed glmed gltmed glutmed glutemed gluteusmed gluteusmedius gluteousmedius gluteusmedious medglut moyenfessier "
    "fessiermoyen gluteomedio mediogluteo gluteomediano mittlerergesassmuskel mittlerergesaessmuskel",
    "ADD": "add addu adductor adductors addmag adductormag adductormagnus addmagnus addlong adductorlongus adducteur "
    "adducteurs grandadducteur longadducteur adduttore adduttori grandeadduttore adduttorelungo aductor aductores aductormayor "
    "aductorlargo adutor adutores adduktor adduktoren grosseradduktor",
}
_NEAREST: dict[Muscle, str] = {
    "VL": "vas vast vastus quad quads quadriceps quadrizeps quadricipite cuadriceps",
    "VM": "vi vint vastint vastusint vastusintermedius vastusintermed vasteintermediaire vastointermedio",
    "BF": "ham hams hamstring hamstrings ha tha lateralhamstring lateralhamstrings lathamstring lathams latham lhs hamlat "
    "hamslat outerhamstring ischiojambier ischiojambiers ischio ischios isc isch isquiotibial isquiotibiales isquiotibiais "
    "isquios "
    "ischiocrurali ischiocrural ischiokrural ischiokrurale schenkelbeuger",
    "ST": "semimembranosus semimem semimemb semimembraneux demimembraneux semimembranoso sm medialhamstring medialhamstrings "
    "medhamstring medhams medham hammed hamsmed innerhamstring plattsehnenmuskel",
    "GMax": "glut glute glutes gluteus glutaeus gluteal gluteals fessier fessiers gluteo gluteos gesass gesassmuskel",
}
"""Names of a group, or of a muscle beside: the nearest muscle that is known."""
_MUSCLES = {word: (muscle, False) for muscle, words in _NAMES.items() for word in words.split()}
_MUSCLES |= {word: (muscle, True) for muscle, words in _NEAREST.items() for word in words.split()}
_TWO_MEANINGS = {"bfl", "addl", "vml", "lhs", "latham", "medham"}
"""Left, or the long head: nobody can tell."""
_NEEDS_A_SIDE = {"ha", "tha", "vi", "sm", "isc"}
"""Words that say a muscle only where a side stands beside."""
_UNIT = re.compile(r"(?<![A-Za-z])([muµμ]?V|m[vV]|[uµμ][vV]|volts?|millivolts?|microvolts?)(?![A-Za-z])")
_NOT_SAID = re.compile(
    r"(emg|semg|voltage|volt|raw|sensor|analog|analogue|ch|channel|chan|muscle|muskel|muscolo|musculo|musculus|musc|trigno|delsys|noraxon|ultium|cometa|btsfree|bts|zerowire|myon|biopac|"
    r"im|signal|sig|uv|mv|v|env|rms|filt|filtered|of|the|del|della|des|du|de|le|la|il|el|jambe|bein|gamba|pierna|leg)?\d*$"
)
_LIKE_A_MUSCLE = re.compile(
    r"emg|musc|muskel|vast|rect(us|o)|retto|femor|fess|glut|gesass|gesaess|bicep|bicip|bizep|semi(t|m)|tendin|hamst|ischio|isquio|"
    r"quadri|cuadri|adduc|adduk|adut|aduct|gast|gemell|sole[aou]|tib|peron|wadenm|schenkelm|sartor|erector|spinae"
)

_SCRIPTS = ("LATIN", "GREEK", "MICRO", "FULLWIDTH LATIN")
"""Scripts that are read, with the letters of units and angles."""


class Reading(NamedTuple):
    """What a label says: a muscle and a side, None for what it leaves open; `nearest`: it names a group, or one beside."""

    muscle: Muscle | None
    side: Side | None
    nearest: bool = False


def muscle_and_side(label: str) -> Reading:
    """Return the muscle and side that a label says.

    `RF` is rectus femoris without a side; `R_RF`, `RRF`, `RF-R` and `Right Rectus femoris` are the right one.
    """
    words = _words(label)
    whole = "".join(words)
    found: set[Reading] = set()
    for at, word in enumerate(words):
        rest = "".join(words[:at] + words[at + 1 :])
        at_an_end = at in (0, len(words) - 1)
        side = SIDE_WORDS.get(word) if at_an_end or len(word) > 2 else None
        if side is None and at_an_end:
            side = _OTHER_LETTERS.get(word)
        if side is not None and rest in _MUSCLES:
            found.add(Reading(_MUSCLES[rest][0], side, _MUSCLES[rest][1]))
    if not found and whole in _MUSCLES and whole not in _NEEDS_A_SIDE | _TWO_MEANINGS:
        return Reading(_MUSCLES[whole][0], None, _MUSCLES[whole][1])
    if not found and whole not in _TWO_MEANINGS:
        for size, sides in ((1, _LETTERS), (2, _SHORT_SIDES)):
            for rest, mark in ((whole[size:], whole[:size]), (whole[:-size], whole[-size:])):
                if rest in _MUSCLES and mark in sides:
                    found.add(Reading(_MUSCLES[rest][0], sides[mark], _MUSCLES[rest][1]))
    return found.pop() if len(found) == 1 else Reading(None, None)


def like_a_muscle(label: str) -> bool:
    """Return whether a label looks as if it named a muscle, or said that its channel is EMG.

    One in a script that is not read here may; what it says is for a person. So may one with the short form of a muscle as a
    word, if of two letters beside a side.
    """
    words = _words(label)
    has_side = any(word in SIDE_WORDS for word in words)
    if any(word in _MUSCLES and len(word) > (1 if has_side else 2) for word in words):
        return True
    if any(letter.isalpha() and not unicodedata.name(letter, "").startswith(_SCRIPTS) for letter in _plain(label)):
        return True
    return bool(_LIKE_A_MUSCLE.search(_plain(label).lower()))


def _plain(label: str) -> str:
    """Return a label without accents."""
    parts = unicodedata.normalize("NFKD", label.replace("ß", "ss"))
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def _words(label: str) -> list[str]:
    """Return the words of a label that may name a muscle or a side."""
    parts = re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+", _plain(_UNIT.sub(" ", label)))
    words = [part.lower() for part in parts if not _NOT_SAID.match(part.lower())]
    return words[1:] if len(words) > 1 and words[0] == "m" else words
