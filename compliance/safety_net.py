"""A lexical net for self-harm and for stop: works before the engine, and when the engine is down.

It errs on the side of safety, but not at the price of sense: "this debt is killing me" is distress, not a plan;
"stop the plan" is not "stop". The phrase lists are to be read and extended by people; a test file shows what each
is for. English, British and American, and basic Spanish.
"""
# ruff: noqa: E501 (a pattern stays one line, so that it can be read and searched for)

import re
from typing import Literal

from conversations.terms.canvas import plain

Urgent = Literal["self_harm_risk", "stop_contact"]


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


_SELF = r"(?:my\s?self|meself|myslef|mysefl|my self)"
_SELF_HARM = _any(
    # to end one's life
    rf"\b(?:kill|killing|kil|killin|top|topping|off|offing|hang|hanging|drown|drowning|shoot|shooting|gas|end|ending|unalive|"
    rf"do away with|doing away with|finish|finish off|poison)\s+{_SELF}\b",
    r"\bkms\b", r"\bk\.?y\.?s\b(?=\s+(?:myself|tonight|today))",
    r"\b(?:end|ending|take|taking|finish)\s+(?:my|me)\s+(?:own\s+)?(?:life|live)\b",
    r"\b(?:commit|committing|comit|attempt(?:ed|ing)?|contemplat(?:e|ing)|consider(?:ing)?|think(?:ing)?\s+(?:of|about))\s+(?:to\s+commit\s+)?suicide\b",
    r"\bsu[ie]?c[ie]?d(?:e|al)\b", r"\bsuic[ia]?d\w*\b", r"\bsuisid\w*\b", r"\bsucid\w*\b",
    r"\b(?:want|wanna|wanted|wish|like|going|gonna|ready|rather|prefer|plan|planning|think(?:ing)? (?:of|about)|tempted|need|about|hope|hoping)"
    r"(?:\s+(?:to|i|i'd|i'll|it))*\s+(?:just\s+|all\s+)?(?:die|be dead|dying|not wake up|never wake up|not be here(?:\s+any\s?more)?|disappear for ever|"
    r"jump (?:off|in front)|end it(?: all)?|end everything|overdose|od\b|slit|cut my (?:wrists?|throat))",
    r"\b(?:i'd|i would|id|i'm|im|i am|be|are|were) (?:be )?better off (?:if i (?:was|were) )?dead\b", r"\bbetter off without me\b",
    r"\bwish i (?:was|were|had been)\s?(?:dead|never born|not born|n't born|not here|n't here|gone)\b", r"\bwish i (?:was|were)(?:n't| not) (?:here|alive|around|born)\b",
    r"\b(?:i'd|i would|id) (?:be )?(?:rather|sooner) (?:be )?(?:die|dead)\b(?!\s+than)",
    r"\b(?:do not|don't|dont|no longer|didn't|can't|cant|cannot) (?:want to|wanna|wish to|go on|carry on|see the point (?:in|of)|keep|bear) "
    r"(?:be here|live|living|be alive|exist|being alive|going on|carry(?:ing)? on living|wake up)\b(?!\s+(?:like|with|at|in|on|under|without|here|off|this way)\b)",
    r"\bdon'?t want to (?:be here|be alive|live|exist) (?:any\s?more|no more)\b",
    r"\bcan(?:'t|not|t) (?:go on|carry on|cope|take (?:it|this)|do this) (?:any\s?more )?(?:with (?:my |this )?life|living)\b",
    r"\b(?:no|not any|isn't any|nothing) (?:reason|point) (?:to|in|for) (?:live|living|be(?:ing)? alive|carrying on living|my life)\b", r"\bnothing (?:left )?to live for\b",
    r"\blife (?:is|isn't|isnt|'s) (?:not |no longer )?(?:not )?worth (?:living|it)\b", r"\bnot worth living\b", r"\b(?:sick|tired) of (?:living|being alive|life)\b(?! (?:like|with|on|in|from|pay|under))",
    r"\bend (?:it|this) all\b", r"\bending it all\b", r"\bputting? an end to (?:it all|my life)\b", r"\bput an end to (?:my life|myself)\b",
    r"\bcan(?:'t|not|t) (?:go|carry) on(?: (?:like this|any\s?more|no more|much longer|living|with life))*\s*(?:$|[.,!?;])",
    r"\bwhat(?:'s|s| is) the (?:point|use) (?:in|of) (?:living|life|being (?:here|alive)|going on|carrying on(?! paying| with))\b",
    r"\b(?:no|don'?t see (?:a|any)|not see (?:a|any)) (?:reason|point) (?:to|in) (?:go(?:ing)? on|carry(?:ing)? on|be(?:ing)? here|live|living|wake|waking)\b(?! (?:paying|with (?:the|this|my) (?:plan|payments?|arrangement)))",
    r"\b(?:no|only one|one) way out (?:except|but|left|of this except)\b", r"\bworth more dead\b", r"\b(?:from|be) a dead (?:man|woman|person)\b",
    r"\b(?:not|never|don'?t want to) wak(?:e|ing) up(?: (?:again|tomorrow|in the morning))?\b(?! (?:to (?:these|your|this)|early|at))",
    r"\btried to (?:end it|kill|hang|overdose|die|take my)\b", r"\bdo(?:ing)? something to (?:myself|me)\b(?! (?:about|for))",
    r"\b(?:notice|care|miss me|better|happier|easier) if i (?:was|were|am) (?:gone|dead|not here|no longer here)\b", r"\bif i (?:was|were) (?:gone|dead)\b(?! (?:to|from) )",
    r"\bwant (?:it|this|everything) (?:all )?(?:to be )?(?:to )?(?:be )?over for (?:good|ever)\b", r"\bdone with (?:life|living|being alive|being here|everything and everyone)\b", r"\b(?:tired|sick|done) (?:of|with) being alive\b",
    r"^\W*(?:i'?m |i am |been |i'?ve been )?cutting again\b", r"\b(?:written|wrote|writing|left|leaving) (?:a|the|my) (?:suicide )?note\b(?= |$|[.,!])(?! (?:on|to|for|about|asking|in) (?:the|my|your|you) )",
    r"\b(?:wants?|wanting|threaten(?:s|ed|ing)?|trying|tried|going) to (?:die|kill (?:him|her|them)sel(?:f|ves)|end (?:his|her|their) (?:own )?li(?:fe|ves)|take (?:his|her|their) own li(?:fe|ves))\b",
    r"\btell my (?:family|kids|children|wife|husband|mum|mom|son|daughter|parents) (?:that )?(?:i(?:'m| am|m) sorry|i love(?:d)? them)\b",
    r"\b(?:tablets|pills|meds|paracetamol)\b[^.!?]*\b(?:take|took|taken|swallow) (?:them all|the lot|all of them|every one)\b", r"\bi won'?t be around\s*(?:$|[.,!])",
    r"\bst(?:ood|anding|and) on (?:a|the) (?:bridge|ledge|roof|edge|platform)\b", r"\b(?:this is it for me|life insurance (?:would|will|could|can) (?:cover|pay))\b",
    r"\bturn(?:ing)? the (?:steering )?wheel\b(?= into|$|[.,!])", r"\b(?:can'?t|cannot|cant) see (?:a |any )?(?:tomorrow|future)\b",
    # the means
    r"\b(?:take|taking|took|taken|swallow|swallowed) (?:an |a |all (?:of )?(?:my|the) |too many |the whole |loads of )?(?:overdose|od\b|pills?|tablets|meds|paracetamol|whole (?:bottle|box|pack))(?=.*\b(?:die|dead|over|end|life|all|goodbye|myself|tonight)\b)",
    r"\b(?:taken|took|take|taking) an overdose\b", r"\boverdos(?:e|ed|ing)\b(?! (?:of|on) (?:letters|texts|calls|emails|interest|debt))",
    r"\bjump(?:ing)? (?:off|from) (?:a |the )?(?:bridge|roof|building|cliff|balcony|multi\s?storey|window)\b", r"\bjump(?:ing)? in front of (?:a |the )?(?:train|bus|car|lorry|truck|tube)\b",
    r"\b(?:slit|cut|cutting|slash) (?:my|me) (?:wrists?|arms?|throat|veins)\b", r"\b(?:rope|noose) (?:round|around) my neck\b", r"\bgun (?:to|in) my (?:head|mouth)\b",
    r"\bput a bullet in (?:my|me)\b", r"\bblow my (?:brains|head)\b",
    # harm
    rf"\b(?:hurt|harm|cut|burn|injure)(?:ing)?\s+{_SELF}\b(?!\s+(?:at work|on|in (?:a|an|the) (?:accident|fall|crash)|when|while|badly at|playing|falling|lifting))", r"\bself[\s-]?harm(?:ing|ed|s)?\b",
    # farewells and "when I am gone"
    r"\b(?:you|they|u|then you|everyone|my family)(?:'ll| will|ll)? (?:can )?(?:only )?(?:stop|be happy|get (?:your|the) money|have) (?:it )?when i(?:'m| am|m) (?:dead|gone)\b",
    r"\bwhen i(?:'m| am|m) dead\b(?!\s+(?:tired|on))", r"\b(?:won'?t|will not|not going to|not gonna) be (?:here|around|alive) (?:much longer|tomorrow|next week|for long|by then|any\s?more)\b",
    r"\b(?:this is|saying|said) (?:my )?(?:final |last )?goodbyes? (?:to everyone|to my (?:kids|family)|world)\b", r"\bgoodbye (?:cruel )?world\b", r"\bmy (?:suicide|last) note\b",
    r"\b(?:driv(?:e|en|ing)|drove|push(?:ed|ing)?) (?:me|us) to (?:suicide|kill|end|top|do something (?:stupid|silly|bad)|the edge of (?:suicide|ending))\b",
    r"\bdo something (?:stupid|silly|drastic) to (?:myself|me)\b", r"\bhaving (?:dark|bad) thoughts about (?:ending|life|dying|death|myself)\b", r"\bthoughts of (?:death|dying|ending|harming|hurting|killing)\b",
    r"\bthinking (?:of|about) (?:death|dying|the worst|ending)\b(?! (?:the|my|this) (?:plan|arrangement|agreement|contract|payments?|call))",
    r"\b(?:only|easy|easiest|best|no other) way out (?:is|would be|will be) (?:to die|death|dying|to end|if i)",
    r"\b(?:mental health )?crisis team\b(?=.*\b(?:myself|life|die|safe)\b)", r"\b(?:i'?m|i am|don'?t feel|not feeling|i feel) (?:not |un)safe (?:with|from) myself\b", r"\bnot safe (?:with|from|on) (?:myself|my own)\b",
    r"\b(?:can'?t|cannot|don'?t|see no|there'?s no|there is no) (?:see )?(?:a |any )?(?:other )?way out\b(?! of (?:the|this|my) (?:plan|contract|agreement|debt))",
    # Spanish
    r"\b(?:quiero|voy a|pienso|quisiera|deseo|tengo ganas de|ganas de|prefiero|he pensado en|pensando en)\s+(?:morir(?:me)?|matarme|suicidarme|quitarme la vida|acabar con (?:mi vida|todo)|colgarme|desaparecer para siempre)\b",
    r"\b(?:me quiero|me voy a) (?:morir|matar|suicidar|quitar la vida|colgar|ahorcar|cortar las venas)\b", r"\bmatarme\b", r"\bsuicid\w*", r"\bquitarme la vida\b", r"\bno quiero (?:seguir )?(?:vivir|viviendo|vivir más|estar vivo|estar viva)\b",
    r"\bhacerme daño\b", r"\bautolesion\w*", r"\bno vale la pena vivir\b", r"\bya no quiero vivir\b", r"\bmejor muert[oa]\b", r"\bacabar con mi vida\b", r"\bno tengo (?:razones|motivos) para vivir\b",
)
# idioms and talk of others, taken out before looking; what else is said in the same message still counts
_HARMLESS = _any(
    r"\b(?:i'?m|i am|we'?re|i was)\s+(?:not|nt|never)\s+(?:at all\s+)?suicidal\b", r"\bnot (?:feeling )?suicidal\b", r"\bisn'?t suicide\b",
    r"\b(?:commercial|financial|career|political|professional|credit|economic) suicide\b", r"\bsuicide squad\b",
    r"\b(?:i'?m|i am|i was|i'?d)\s+(?:dying|gonna die|going to die) (?:to know|of (?:laughter|embarrassment|shame|boredom|curiosity|heat|thirst))\b",
    r"\b(?:i'?d|i would|id)\s+(?:rather|sooner) die than\b[^.!?]*", r"\b(?:over my dead body)\b", r"\bkill(?:ing)? (?:two birds|time|for a)\b",
    r"\b(?:not (?:going to|gonna)|won'?t|wouldn'?t) (?:kill|top|hang) myself (?:over|for|because of)\b",
    r"\bdie of (?:laughter|embarrassment|shame|boredom|heat|thirst)\b",
    r"\bkill(?:ing|ed)? (?:myself|meself) (?:laughing|working|at work|with work|trying to (?:pay|earn|work|make)|to (?:pay|earn|make))\b", r"\bworking myself to death\b", r"\bhang(?:ing)? (?:my\s?self )?(?:on|up|out|about|around)\b",
    r"\b(?:hurt|injured|cut|burn(?:ed|t)?) (?:myself )(?:at work|at my job|on the job|in (?:a|an) (?:accident|fall|crash)|falling|lifting|playing)\b",
    r"\bnot be here (?:on|next|till|until|when|for the|that|tomorrow (?:morning|afternoon)|monday|tuesday|wednesday|thursday|friday)\b", r"\bwant to end (?:it|this) all (?:payments?|contact|calls|debts?)\b",
    r"\bend (?:this|it) all (?:with|by) (?:a |one )?(?:payment|paying|settl\w+)\b",
    r"\b(?:my|his|her|our|the|a) (?:late )?(?:brother|sister|son|daughter|husband|wife|dad|father|mum|mom|mother|partner|friend|uncle|aunt|cousin|grandad|nan)(?:'s)? (?:had |has )?(?:committed suicide|killed (?:him|her)self|took (?:his|her) own life|died by suicide)\b",
    r"\b(?:his|her|brother's|son's|husband's|wife's|father's|mother's|friend's) suicide\b",
)

_STOP_BARE = re.compile(
    r"(?:please\s+|pls\s+|just\s+|ok\s+|no\s+)?(?:stop(?:\s+(?:it|now|please|pls|all|stop|ok|thanks?|thank you))*|stopp+|stahp|"
    r"stop\s?all|unsubscribe(?:\s+(?:me|please))*|unsub|opt[\s-]?(?:me\s+)?out|optout|remove me|take me off(?: (?:your|the|this) list)?|arr?[eê]t|end|quit|"
    r"alto|parar|pare|basta|para ya|ya basta|detener|detente|no m[aá]s(?: mensajes)?|d[eé]jenme en paz|d[eé]jame en paz)(?:\s+(?:please|pls|now|por favor|ya))*"
)
_STOP_WORDS = frozenset({"end", "quit"})  # carriers' opt-out words: only when nothing else stands
_CONTACTING = (r"(?:contact(?:ing|in)?|messag(?:e|es|ing|in)|msg(?:s|ing)?|text(?:s|ing|in)?|call(?:s|ing|in)?|ring(?:ing|in)?|phon(?:e|ing)|"
               r"e-?mail(?:s|ing)?|writ(?:e|ing)(?: to)?|letters?|send(?:ing|in)?|bother(?:ing|in)?|harass(?:ing|in|ment)?|pester(?:ing|in)?|hound(?:ing|in)?|"
               r"spam(?:ming|s)?|chas(?:e|ing)|remind(?:ing|ers?)?|notif\w+|communicat\w+)")
_STOP_CONTACT = _any(
    rf"\b(?:stop|quit|cease|discontinue|halt)(?:\s+(?:the|all|any|with|with the|ur|your|yr|these|those|this|sending|me|from|getting|of|bloody|damn|fucking|f\*+ing|automated|auto|constant))*\s+{_CONTACTING}\b"
    r"(?!\s+(?:about the plan|the money|money|payments?|my (?:boss|work|employer|mum|mom|job)))",
    r"\b(?:do not|don'?t|dont|never|no longer|no more|wish you to not)\s+(?:ever\s+|you\s+|u\s+|dare\s+|want (?:you|u) to\s+|want (?:any|more|your|ur|these|to be)\s+|want to (?:be|get|receive)\s+|receive\s+)*"
    r"(?:contact(?:ed|ing)?|messag(?:e|es|ed|ing)|text(?:s|ed|ing)?|call(?:ed|ing)?|ring(?:ing)?|phon(?:e|ed|ing)|e-?mail(?:s|ed|ing)?|bother(?:ed|ing)?|harass(?:ed|ing)?)\s+(?:me|us|my (?:phone|mobile|number|cell))\b(?!\s+(?:at|on|before|after|until|till|by|during|when|back|today|tomorrow))",
    r"\bdo(?:n'?t| not)\s+(?:ever\s+)?contact (?:me|us) (?:again|any\s?more)\b", r"\bno more (?:texts|calls|messages|msgs|emails|e-mails|letters|reminders|contact|communication)\b",
    r"\bcease (?:and|&|n) desist\b", r"\bcease (?:all )?(?:communications?|contact|collection)\b", r"\bleave (?:me|us) (?:the \w+ )?alone\b",
    r"\b(?:take|remove|get|delete) (?:me|my (?:number|name|phone|email|e-mail|details|mobile|cell)) (?:off|from|out of) (?:of )?(?:your|ur|the|this|all) (?:\w+ )?(?:list|lists|system|database|mailing list|records|contacts?|contact list|reminders)\b",
    r"\bremove my (?:number|phone number|mobile|email|e-mail|cell)\b", r"\blose my number\b", r"\bunsubscribe\b", r"\bopt(?:ing)?[\s-]?(?:me )?out\b(?! of (?:the )?(?:plan|arrangement|autopay|auto pay))",
    r"\brevok(?:e|ing) (?:my )?(?:consent|permission)\b", r"\bwithdraw(?:ing)? (?:my )?consent\b", r"\bstop (?:harassing|bothering|hassling|pestering)\b",
    r"\b(?:piss|bugger|sod|fuck|eff|jog) off and (?:stop|leave)\b", r"\bstop (?:with )?(?:the|these|all|your) (?:texts|messages|calls|emails|letters|reminders)\b",
    r"\b(?:end|stop|halt|cease) (?:these|the|all|your|any|this) (?:\w+ )?(?:messages|texts|emails|calls|letters|reminders|contact|communications?|texting)\b",
    r"\b(?:all )?(?:communications?|contact|messages|texts|calls|letters) (?:to |must |should |has to |have to )(?:cease|stop|end)\b", r"\bmake (?:these|the|your|them|it all) ?(?:messages|texts|calls|emails|letters)? stop\b",
    r"\b(?:texts?|messag\w+|calls?|emails?|letters?|contact\w*|harass\w*|enough|sick of (?:you|it|this))\b[^!?]*[.,;!] ?(?:so |just |please |now )?stop(?: it| now| please)*$", r"\band (?:i )?(?:want to )?hear nothing\b[^.]*\bstop$", r"\btake me off this\b",
    r"\b(?:do not|don'?t|dont|never) (?:give|have) (?:my )?(?:consent|permission) (?:for|to) (?:text|messag|call|contact|email|sms)\w*", r"\b(?:don'?t|do not|dont|never) (?:write|message|text|call|email|reply|contact)(?: me| us| back| this number)* (?:back|again|any\s?more|ever)\b",
    r"\bnever (?:message|text|call|email|contact) (?:me )?again\b", r"\b(?:don'?t|do not|dont|never) (?:call|text|message|ring|contact) this (?:number|phone|mobile|address)\b", r"\bstop blowing up\b", r"\b(?:get|stay) off my (?:phone|mobile|cell|back)\b",
    r"\b(?:don'?t|do not|dont) (?:u |you )?send (?:me )?(?:any\s?more|more|any|no more)\b[^.]*\b(?:sms|texts?|messages?|emails?|letters?|reminders?)\b", r"\b(?:receive|get|want|wish for) no (?:further|more|other) (?:\w+ )?(?:correspondence|contact|communications?|messages|texts|emails|calls|letters)\b",
    r"\bturn off (?:the|all|these|your|my) (?:reminders|messages|texts|notifications|alerts)\b", r"^\W*no (?:further |more )?contact\b(?! (?:from|details|number))", r"\b(?:bug|buzz|eff|piss|sod|jog|do one) off with (?:the|your|these)\b", r"\bstop\s?all\b(?= |$)(?! (?:the )?(?:interest|charges|payments?))",
    # Spanish
    r"\b(?:dejen?|deje|dejar|paren?|pare|cesen|basta) (?:ya )?de (?:llamar|contactar|escribir|molestar|mandar|enviar|acosar|mensajear|textear)\w*", r"\bno (?:me|nos) (?:llamen?|llame|escriban?|contacten?|molesten?|manden?|env[ií]en)\b(?! (?:al|antes|despu[eé]s))",
    r"\bno quiero (?:m[aá]s |recibir (?:m[aá]s )?|que me (?:llamen|escriban|contacten|molesten))", r"\b(?:darme|d[eé]nme|dar) de baja\b", r"\bqu[ií]t(?:en|a|e)me de (?:la|su) lista\b",
)
# asks about stopping, or about stopping something else than contact
_NOT_STOP = _any(
    r"\b(?:how|can|could|when|what|why|if)\b[^.!?]*\b(?:do|can|could|would|will|happens?|should)\s+(?:i|we|you|u|it)\b[^.!?]*\bstop(?:ping)?\s+(?:the\s+|my\s+|this\s+|paying|it\s+)?(?:interest|charges?|fees|plan|payments?|paying|court|bailiffs?|arrangement|direct debit|letters going)\b",
    r"\bso (?:that )?you can (?:now )?take me off [^.!?]*", r"\b(?:have|has|had|supposed|got) to leave (?:me|us|you|people) alone\b", r"\bstop (?:the |these |your |all )?(?:reminders|messages|texts|letters|calls|contact)\b[^.!?]*\bfor (?:a (?:bit|while|few|week|month|couple)|now|\d+|two|three)\b[^.!?]*",
    r"\bstop (?:the )?\w+ing(?: me)?[^.!?]*\b(?:and|just|but) (?:use|text|e-?mail|ring|call|write|send|message|contact)\b[^.!?]*",
    r"\b(?:don'?t|do not|dont|never|please don'?t) stop\b", r"\bstop (?:the |my |this |paying )?(?:plan|arrangement|interest|payments?|payment plan|charges|fees|direct debit|card|autopay|auto pay|standing order|instal\w+|court|bailiffs?)\b",
    r"\b(?:i|they|we|my \w+|it|he|she) (?:had to |have to |has |have |'ve |had )?stop(?:ped)? (?:work|working|paying|getting|receiving)\b", r"\bcan(?:no|')?t stop\b", r"\bbus stop\b", r"\bnon[\s-]?stop\b",
    r"\bstopped? (?:my|their|our) (?:benefits?|pay|wages|uc|universal credit|money|hours|pip|job)\b", r"\bhas the interest stop\w*", r"\bdid(?:n't| not)? (?:you )?stop\b",
)


def self_harm(text: str) -> bool:
    """Whether ``text`` shows any sign of suicide or self-harm."""
    words = re.sub(r"\s+", " ", plain(text).replace("*", ""))
    return bool(_SELF_HARM.search(_HARMLESS.sub(" ~ ", words)))


def stop(text: str) -> bool:
    """Whether ``text`` asks us to stop contact: a bare "stop", or in a sentence."""
    words = re.sub(r"\s+", " ", plain(text)).strip(" \n.!?,;:*\"'-~()[]")
    bare = _STOP_BARE.fullmatch(words)
    if bare and (words not in _STOP_WORDS or re.sub(r"\W", "", text.strip()).isupper()):
        return True
    return bool(_STOP_CONTACT.search(_NOT_STOP.sub(" ~ ", words)))


# with these, the other matter's effect stops contact as well, and saying only "done" would leave it unheard
_MORE_THAN_STOP = _any(
    r"\b(?:dead|died|deceased|passed away|falleci[oó]|muri[oó])\b", r"\bwrong (?:number|person|guy|man|woman|address)\b", r"\bn[uú]mero equivocado\b",
    r"\b(?:not|isn'?t|never been) (?:him|her|that person|\w+'s (?:phone|number))\b", r"\bno ?(?:body|one|such person)[^.]*\b(?:here|name)\b", r"\bdon'?t know (?:him|her|who (?:that|he|she)|this person|any \w+)\b",
    r"\b(?:lawyer|attorney|solicitor|barrister|debt advis[eo]r|stepchange|citizens advice|abogad[oa])\b", r"\b(?:bankrupt\w*|chapter (?:7|13)|iva|insolven\w+|debt relief order|dro)\b",
    r"\b(?:fraud\w*|identity theft|stole my|scam\w*|in my name)\b", r"\b(?:not|isn'?t|never) (?:mine|my (?:debt|account|bill))\b", r"\b(?:don'?t|do not|never) (?:owe|owed)\b", r"\b(?:already |i (?:have |'ve )?)(?:paid|settled)\b",
)


def urgent_intent(text: str) -> Urgent | None:
    """What in ``text`` cannot wait for the engine. Self-harm comes before everything.

    A stop beside something that weighs as much in law ("wrong number, stop texting") is left to the engine: each of
    those effects ends contact too. ``stop`` tells it all the same, for when the engine is down.
    """
    if self_harm(text):
        return "self_harm_risk"
    return "stop_contact" if stop(text) and not _MORE_THAN_STOP.search(plain(text)) else None
