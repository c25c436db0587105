/**
 * Words by which messages mislead, in English, Chinese, German, French and Spanish. A list never ends: it catches the
 * usual, and people read the rest.
 */

/** The sender poses as a friend, or the message as an answer. */
export const PERSONAL_SENDER: readonly RegExp[] = [
  // Not every friend: a message may ask to bring one, or tell of a gift of one.
  /\b(this is|it'?s|it is|i'?m|i am|love,) your (friend|buddy|admirer|neighbou?r|mum|mom|dad|cousin|classmate)\b/iu,
  /\byour (old|best|secret|dear) (friend|buddy|admirer|neighbou?r|classmate)\b|\byour friend( \p{L}+)? here\b/iu,
  /\b(guess who|it'?s me|long time no see|i'?ve been thinking (of|about) you)\b|\bremember me ?\?/iu,
  /^\s*(re|fwd?|aw|wg) ?: /iu,
  /\b(missed call|you missed my call|call me back|lost my phone)\b/iu,
  /我是你的?(老|好)?(朋友|同学|同學|闺蜜|閨蜜|邻居|鄰居|妈|媽|爸|哥|姐|弟|妹)|你的老(朋友|同学|同學)|猜猜我是[谁誰]|[还還][记記]得我|好久不[见見]/u,
  /\b(dein alter freund|deine alte freundin|(ich bin|hier ist) deine? (freund|freundin)|rate mal,? wer|kennst du mich noch)\b/iu,
  /\b(ton vieil ami|ta vieille amie|(je suis|c['’]est) (ton ami|ta amie|ton amie)|devine qui|tu te souviens de moi)\b/iu,
  /(?<!\p{L})(tu viej[oa] amig[oa]|soy tu amig[oa]|adivina quién|te acuerdas de mí)(?!\p{L})/iu,
]

/** Few are left. True only of an offer with limited stock. */
export const SCARCITY: readonly RegExp[] = [
  /\b(only|just) (\d+|a few|few|one|two|three) (left|remaining|available)\b/iu,
  /\b(almost gone|nearly gone|selling (out|fast)|while (stocks?|supplies) lasts?|limited (stock|quantity|quantities)|last (few|one|ones|pieces?|items?))\b/iu,
  /[仅僅只](剩|余|餘)|限量|数量有限|數量有限|售完[为為]止|即将售罄|即將售罄|最后\s*\d+\s*[件份个名]|最後\s*\d+\s*[件份個名]/u,
  /\b(nur noch \d+|fast ausverkauft|solange der vorrat reicht|begrenzte stückzahl)\b/iu,
  /\b(plus que \d+|bientôt épuisé|stocks? limités?|dans la limite des stocks)/iu,
  /(?<!\p{L})(solo quedan|últimas unidades|hasta agotar existencias|casi agotado)(?!\p{L})/iu,
]

/** It will soon be over. True only of an offer or a scene that ends. */
export const DEADLINE: readonly RegExp[] = [
  /\b(ends? (today|tonight|soon|at midnight)|today only|only today|(?<!no need to |don'?t )hurry|act now|expires? (today|tonight|soon)|last day|final hours|limited time|before it'?s too late)\b/iu,
  /最[后後]一天|[仅僅只]限今[天日]|今[天日]截止|限[时時]|即[将將](截止|结束|結束)|[马馬]上[结結]束|抓[紧緊]/u,
  /\b(nur heute|endet (heute|bald)|letzter tag|nur für kurze zeit|beeil dich)\b/iu,
  /\b(aujourd['’]hui seulement|dernier jour|se termine (aujourd['’]hui|bientôt)|dépêchez[- ]vous|durée limitée)/iu,
  /(?<!\p{L})(solo hoy|último día|termina (hoy|pronto)|date prisa|tiempo limitado)(?!\p{L})/iu,
]

/** Either of the two. */
export const LAST_CHANCE: readonly RegExp[] = [
  /\b(last|final) (chance|call|opportunity)\b|\bdon'?t miss out\b/iu,
  /最[后後](的)?[机機][会會]|[错錯][过過]不再|手慢[无無]/u,
  /\bletzte (chance|gelegenheit)\b|\bdernière chance\b|(?<!\p{L})última oportunidad(?!\p{L})/iu,
]

/** Services that hide where a link leads; carriers filter them (CTIA Messaging Principles, 5.3.4). */
export const SHORT_LINK_DOMAINS: readonly string[] = [
  'bit.ly',
  'bitly.com',
  't.co',
  'goo.gl',
  'tinyurl.com',
  'ow.ly',
  'is.gd',
  'v.gd',
  'buff.ly',
  'cutt.ly',
  'rb.gy',
  'rebrand.ly',
  'shorturl.at',
  'tiny.cc',
  'lnkd.in',
  's.id',
  'bl.ink',
  't.ly',
  'shorte.st',
  'adf.ly',
  't.cn',
  'url.cn',
  'w.url.cn',
  'dwz.cn',
  'suo.im',
  'reurl.cc',
  'lihi.cc',
  'pse.is',
]
