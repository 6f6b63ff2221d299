/** The rules of `calls/rules.ts` in Russian, for the story of a call. One without words here is shown as the server words it. */
export const RULES_RU: Readonly<Record<string, string | undefined>> = {
  opened: 'Начался новый звонок',
  joined: 'К звонку присоединился ещё один канал',
  merged: 'Другой звонок оказался частью этого',
  'kept-apart': 'Другой звонок в том же разговоре остаётся отдельным',
  'uid-again': 'Номер канала уже встречался: нумерация на АТС началась заново',
  'found-by-snapshot': 'Звонок начался, пока не было связи с АТС',
  claimed: 'Предприятие определено',
  'unclaimed-call': 'Ни одно предприятие этой АТС не считает звонок своим, или несколько сразу',
  'came-in': 'Звонок пришёл с внешней линии: входящий',
  'placed-by-pbx': 'АТС сама позвонила наружу: исходящий',
  'dialled-out': 'Сотрудник набрал внешний номер: исходящий',
  'dialled-staff': 'Сотрудник набрал сотрудника: внутренний',
  'dialled-unheard': 'Набор пришёлся на время без связи; направление видно по набранному номеру',
  'own-mobile': 'Звонит сотрудник со своего мобильного: внутренний',
  'direction-posted': 'Направление сообщил вебхук',
  'line-read': 'Линия определена',
  'client-read': 'Номер клиента определён',
  'client-unreadable': 'Номер клиента не похож на номер; оставлен как есть',
  'client-withheld': 'Номер клиента скрыт',
  announced: 'О звонке можно сообщать: предприятие и направление известны',
  'caught-up': 'Это случилось раньше, чем о звонке стало можно сообщать',
  rang: 'Звонят телефоны',
  'ring-complete': 'Звонят все набранные телефоны',
  'ring-collected': 'Телефоны зазвонили вместе',
  'rang-out': 'Набирают клиента',
  'dial-posted': 'О наборе сообщил вебхук',
  'first-talk': 'Клиент впервые соединён с сотрудником',
  'answer-posted': 'Об ответе сообщил вебхук завершения',
  'moved-in-gap': 'Пока не было связи, звонок изменился',
  'answered-in-gap': 'Ответ пришёлся на время без связи с АТС',
  'read-again': 'Более поздний вебхук показал, что разговор был',
  'agent-named': 'Кто говорил, назвал вебхук завершения',
  'stand-in': 'Вебхук о второй стороне потерялся',
  'was-there': 'Канал был в разговоре, хотя об этом не сообщили',
  talk: 'Сотрудник говорит с клиентом',
  'talk-over': 'С клиентом никто не говорит',
  held: 'Клиент был на удержании',
  'not-held': 'Это было не удержание, а начало перевода',
  'transfer-made': 'Клиента перевели',
  consulted: 'Сотрудник советуется с коллегой',
  'sent-on': 'Перевод без консультации',
  'moved-on': 'С клиентом говорит другой сотрудник: перевод без консультации',
  'lost-on-transfer': 'Перевод ни до кого не дошёл',
  'transfer-reached': 'Перевод состоялся',
  'transfer-failed': 'Перевод не состоялся',
  'hangup-asked': 'Последний канал положил трубку; спрашиваем АТС, так ли это',
  'hangup-refuted': 'АТС говорит, что канал ещё есть: завершение было подделкой',
  'last-hangup': 'Последний канал положил трубку',
  'hangup-confirmed': 'АТС подтвердила: каналов больше нет',
  'hangup-unconfirmed': 'Последний канал положил трубку; АТС не успела подтвердить',
  'only-hangup-seen': 'Известно только о завершении',
  'gone-in-gap': 'Звонок завершился, пока не было связи с АТС',
  'pbx-restarted': 'АТС перезапускали',
  'hangup-posted': 'О завершении сообщил вебхук',
  'timed-out': 'О звонке больше ничего не сообщали',
  talked: 'Клиент поговорил с сотрудником: отвечен',
  'gave-up': 'Клиент положил трубку, пока звонило: не дождался',
  'caller-gave-up': 'Звонивший коллега положил трубку: пропущен',
  'nothing-rang': 'Клиент положил трубку раньше, чем где-то зазвонило: не дождался',
  'not-answered': 'Телефон звонил, никто не ответил: пропущен',
  'all-busy': 'Все телефоны заняты: занято',
  'not-reached': 'Ни до кого не дозвонились: не удался',
  'told-nobody': 'Звонок кончился раньше, чем было о чём сообщать',
  'late-fact': 'Событие о звонке, который уже завершён',
  'contradicting-fact': 'Событие противоречит известному: подделка или ошибка',
  'duplicate-webhook': 'Тот же вебхук ещё раз',
  'webhook-not-a-source': 'Вебхук не учитывается: звонки предприятия берутся только из AMI',
  'webhook-of-another-enterprise': 'Вебхук с ключом другого предприятия',
};

const NAMES: Readonly<Record<string, string | undefined>> = {
  extensions: 'номера',
  extension: 'номер',
  agent: 'сотрудник',
  agents: 'сотрудники',
  caller: 'звонит',
  client: 'клиент',
  external: 'клиент',
  line: 'линия',
  channel: 'канал',
  enterprise: 'предприятие',
  queue: 'очередь',
  somebody: 'кто-то',
};

/** `(extensions 151, 152)`: the names of what is told; values stay. */
export function detailsRu(of: string): string {
  return of
    .replace(/\b([a-z]+)(?= [^\s,)])/g, (name) => NAMES[name] ?? name)
    .replace(/(\d) s\b/g, '$1 с')
    .replace(/\(in\b/, '(входящий')
    .replace(/\(out\b/, '(исходящий')
    .replace(/\(internal\b/, '(внутренний');
}

const REASONS: readonly (readonly [RegExp, string])[] = [
  [/internal call/, 'внутренний звонок, клиента в нём нет'],
  [/incoming calls are switched off/, 'о входящих не сообщаем: так настроено'],
  [/outgoing calls are switched off/, 'об исходящих не сообщаем: так настроено'],
  [/calls on the line/, 'о звонках на эту линию не сообщаем: так настроено'],
  [/withheld|hides? (his|their) number|without a number/, 'номер клиента скрыт'],
  [/cards?.*never|no card/i, 'карточки выключены'],
  [/shadow/, 'режим наблюдения: ничего не отправляется'],
];

export function reasonRu(why: string): string {
  return REASONS.find(([pattern]) => pattern.test(why))?.[1] ?? why;
}
