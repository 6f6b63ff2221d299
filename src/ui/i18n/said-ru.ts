/**
 * What the server says in English (outcomes of deliveries, why nothing is owed, what is wrong with a PBX or with settings), in
 * Russian. `{}` is any text: it is put in its place, itself translated where it is known. What CRMs and PBXs say is not ours to
 * word and stays. A test holds that every outcome of ours is here.
 */
import { once } from '../platform/once.js';

const SAID: readonly (readonly [english: string, russian: string])[] = [
  // Why nothing is sent.
  ['an internal call: no client is in it', 'внутренний звонок, клиента в нём нет'],
  ['incoming calls are switched off for this account', 'о входящих не сообщаем: так настроено'],
  ['outgoing calls are switched off for this account', 'об исходящих не сообщаем: так настроено'],
  ['calls on the line {} are switched off for this account', 'о звонках на линию {} не сообщаем: так настроено'],
  ['the enterprise is off', 'предприятие выключено'],
  ['the integration is off', 'интеграция выключена'],
  ['the enterprise has no integration', 'у предприятия нет интеграций'],
  ['the call began before the take-over of the enterprise', 'звонок начался до передачи предприятия нам'],
  ['shadow', 'режим наблюдения: ничего не отправляется'],
  ['no card to close', 'закрывать нечего: карточки нет'],
  ['no card was opened', 'карточку не открывали'],
  ['nobody else has seen a card', 'больше никто карточку не видел'],
  ['nobody who rings wants a card', 'никому из тех, кому звонят, карточка не нужна'],
  ['nobody who rings wants to be told before the end', 'никто из тех, кому звонят, не хочет знать до завершения'],
  ['nobody with an extension was rung', 'не звонили никому с внутренним номером'],
  ['nobody who rings is a user of amoCRM', 'никто из тех, кому звонят, не пользователь amoCRM'],
  ['amoCRM has a card for incoming calls only', 'в amoCRM карточка бывает только у входящих'],
  ['a recovered call is history and opens no card', 'восстановленный звонок уже в прошлом, карточка не нужна'],
  ['the caller has no number, and the enterprise ignores such calls', 'номер скрыт, а такие звонки не учитываются'],
  [
    'the client has no number: the call is recorded, but no card is opened',
    'номер скрыт: звонок записан, карточка не открывается',
  ],
  ['the client has no number, and {} keeps no call without one', 'номер скрыт, а {} без номера звонки не хранит'],
  [
    'the client has no number, and {} keeps no call without one: see withheld_phone',
    'номер скрыт, а {} без номера звонки не хранит: см. настройку «номер вместо скрытого»',
  ],
  [
    'the number is an inner one of the portal: no client is in this call',
    'это внутренний номер портала: клиента в звонке нет',
  ],
  ['the event does not say who should see the card', 'не сказано, кому показать карточку'],
  ['nobody concerned is a user of the portal', 'никто из участников не пользователь портала'],
  ['nobody of this call is a user of the portal', 'никто в этом звонке не пользователь портала'],
  [
    'nobody of this call is a user of the portal: set user_id, or map an extension to a user',
    'никто в этом звонке не пользователь портала: укажите запасного пользователя или сопоставьте номер',
  ],
  ['nothing is registered there', 'там ничего не зарегистрировано'],
  ['the call is not recorded there', 'звонка там нет'],
  ['the recording is attached already', 'запись уже прикреплена'],
  [
    'the call is not found there: it was deleted, or nobody has taken it from “unsorted”',
    'звонка там не нашлось: его удалили или ещё не приняли из «Неразобранного»',
  ],
  ['the recording has no address {} could fetch it from', 'у записи нет адреса, по которому её можно забрать'],
  [
    'amoCRM knows nobody with this number, and unknown_client says to make nothing',
    'amoCRM не знает этого номера, а создавать клиента настройка не велит',
  ],
  ['nothing was made for this client', 'для этого клиента ничего не создано'],
  ['it may have been shown already', 'возможно, уже показано'],
  ['no chat takes messages: {}', 'ни один чат не принимает сообщений: {}'],
  ['this chat is switched off: {}', 'этот чат отключён: {}'],
  ['no message stands in the chat yet', 'сообщения в чате ещё нет'],
  ['no message of this call stands in the chat', 'сообщения об этом звонке в чате нет'],
  ['it may stand in the chat already, and nothing tells', 'возможно, сообщение уже в чате, и узнать это нельзя'],
  ['the message of this call stands in the chat already', 'сообщение об этом звонке уже в чате'],
  ['edited once already; the end will show the rest', 'уже изменено; остальное покажет завершение'],
  ['rate budget: edits give way to final messages', 'лимит сообщений: правки уступают итоговым'],
  ['somebody has deleted the message', 'сообщение кто-то удалил'],
  ['the message shows the address already', 'адрес уже в сообщении'],
  ['the message of this call is gone', 'сообщения об этом звонке больше нет'],
  ['the message is gone', 'сообщения больше нет'],
  ['the channel was taken out of the settings', 'канал убран из настроек'],
  // What went wrong on the way.
  ['its time was over', 'время вышло'],
  ['a web page came instead of an answer ({})', 'вместо ответа пришла веб-страница ({})'],
  ['a web page came instead of an answer', 'вместо ответа пришла веб-страница'],
  ['an answer cannot be read', 'ответ не читается'],
  ['the answer cannot be read', 'ответ не читается'],
  ['the answer cannot be read: {}', 'ответ не читается: {}'],
  ['the answer to a batch cannot be read', 'ответ на пакет не читается'],
  ['the answer of the authorisation server cannot be read', 'ответ сервера авторизации не читается'],
  ["amoCRM's answer about {} cannot be read", 'ответ amoCRM не читается ({})'],
  ['the refusal cannot be read ({})', 'отказ не читается ({})'],
  ['the refusal cannot be read: {}', 'отказ не читается: {}'],
  ['{} has a fault of its own ({})', 'внутренняя ошибка {} ({})'],
  ['RetailCRM took {} of {} records of the call', 'RetailCRM приняла записей звонка: {} из {}'],
  ['amoCRM refuses the call: {}', 'amoCRM не принимает звонок: {}'],
  ['amoCRM does not take the recording: {}', 'amoCRM не принимает запись разговора: {}'],
  ['amoCRM refuses the data: {}', 'amoCRM не принимает данные: {}'],
  ['amoCRM refuses the request ({})', 'amoCRM отклоняет запрос ({})'],
  ['Bitrix24 registered the call without an id', 'Битрикс24 зарегистрировал звонок без номера'],
  ['the call was not registered', 'звонок не зарегистрирован'],
  [
    'Bitrix24 neither takes the call nor says what is wrong with it',
    'Битрикс24 не принимает звонок и не говорит почему',
  ],
  ['recorded without its recording: {}', 'занесён без записи разговора: {}'],
  ['given up after {} attempts: {}', 'после {} попыток больше не повторяем: {}'],
  ['another call of this client is making him right now', 'клиента сейчас создаёт другой его звонок'],
  ['another call of this client is making him in RetailCRM', 'клиента сейчас создаёт другой его звонок'],
  ['the renewed tokens could not be {} yet', 'обновлённые токены пока не удалось сохранить'],
  ['stopped by us before it was sent', 'остановлено нами до отправки'],
  ['stopped by us while the tokens were renewed', 'остановлено нами во время обновления токенов'],
  ['make a new long-lived token', 'создайте новый долгосрочный токен'],
  ['amoCRM brought no code', 'amoCRM не передала код'],
  ['the tokens could not be stored', 'токены не удалось сохранить'],
  ['what answers there is no amoCRM account', 'по этому адресу отвечает не аккаунт amoCRM'],
  [
    'the portal has not installed the application yet: install it, with our address as the one called at installation',
    'приложение на портале ещё не установлено: установите его, указав наш адрес как адрес установки',
  ],
  [
    'the right telephony is missing: {}; tick it',
    'нет права telephony: отметьте его, без него звонки не показать и не записать',
  ],
  [
    'RetailCRM must be able to call us back: set TRUNKLINE_PUBLIC_URL',
    'RetailCRM должна до нас дозваниваться: задайте TRUNKLINE_PUBLIC_URL',
  ],
  ['{}: take the token from BotFather anew', '{}: возьмите токен у BotFather заново'],
  // What a test of a connection found.
  ['the API key does not name the right {}', 'у ключа API нет права {}'],
  ['the API key does not see the shop {}', 'ключу API недоступен магазин {}'],
  [
    'the API key sees several shops ({}); some requests need one in settings',
    'ключу API доступны магазины {}: укажите в настройках один',
  ],
  ['no extension belongs to {} user yet', 'ни один внутренний номер ещё не сопоставлен с пользователем'],
  [
    'no extension belongs to a user yet: enter inner numbers in the portal, or map them here',
    'ни один внутренний номер ещё не сопоставлен: укажите номера на портале или сопоставьте здесь',
  ],
  [
    'the token may not read contacts: {}',
    'токену недоступны контакты: дайте его пользователю право их видеть и создавать',
  ],
  ['the token may not read leads: {}', 'токену недоступны сделки: дайте его пользователю право их видеть и создавать'],
  [
    'the token may not read users: {}',
    'токену недоступны пользователи: сделайте его пользователя администратором или укажите номера пользователей вручную',
  ],
  ['the access token ends on {}: make a new long-lived one', 'токен действует до {}: создайте новый долгосрочный'],
  [
    '“Unsorted” is switched off in this account, so calls of unknown clients will be refused: {}',
    '«Неразобранное» в этом аккаунте выключено, звонки неизвестных клиентов не примут: включите его в настройках воронки или выберите другое действие для неизвестных',
  ],
  [
    'the chat {}: {}; add the bot to it, or press Start there',
    'чат {}: {}; добавьте туда бота или нажмите там «Start»',
  ],
  [
    'the right {} is missing: {}; tick it in the webhook or application',
    'нет права {}: отметьте его в вебхуке или приложении',
  ],
  [
    'the portal does not offer {}: update it, or ask its administrator',
    'портал не умеет {}: обновите его или спросите его администратора',
  ],
  [
    'call statistics cannot be read ({}): {}',
    'статистика звонков недоступна ({}): дайте пользователю этого ключа право её смотреть, иначе звонок с потерянным ответом будет ждать человека',
  ],
  [
    'the user of this key is no administrator and may not see all calls in the statistics: {}',
    'пользователь этого ключа не администратор и видит не все звонки: звонок с потерянным ответом может записаться дважды',
  ],
  ['the portal is at {} now: enter its new address', 'портал теперь по адресу {}: укажите его'],
  ['its record has the address already', 'в её записи этот адрес уже есть'],
  [
    "a recording found later is heard on the call's page only: see late_recording",
    'запись нашлась позже, её слышно только на странице звонка: см. настройку поздних записей',
  ],
  // Addresses and lines.
  [
    '{} is an address of a private or local network; the operator can allow it in TRUNKLINE_ALLOW_TARGETS',
    '{} — адрес частной сети; разрешить его может оператор (TRUNKLINE_ALLOW_TARGETS)',
  ],
  ['{} may not be reached', 'адрес {} запрещён'],
  ['{} led to a private or local address', '{} ведёт в частную сеть'],
  // The PBX.
  ['the PBX cannot be reached', 'до АТС не достучаться'],
  ['the PBX cannot be reached: {}', 'до АТС не достучаться: {}'],
  ['the PBX closed the connection', 'АТС закрыла соединение'],
  ['the connection to the PBX was closed by us', 'соединение с АТС закрыли мы'],
  ['the session with the PBX failed', 'сеанс с АТС прервался'],
  ['the session with the PBX failed: {}', 'сеанс с АТС прервался: {}'],
  ['the PBX answered with nothing', 'АТС ничего не ответила'],
  ['the PBX sends what is no AMI; framing is lost', 'по этому адресу отвечает не AMI'],
  ['the PBX sends without end; framing is lost', 'АТС шлёт данные без конца: это не AMI'],
  ['the PBX did not answer {} within {} ms', 'АТС не ответила на {} за {} мс'],
  ['the PBX did not finish its list for {}', 'АТС не закончила список {}'],
  ['the PBX fell silent: {}', 'АТС замолчала: {}'],
  ['the PBX refused {}: {}', 'АТС отказала в {}: {}'],
  ['the PBX refused the log-in of {}: {}', 'АТС не пустила {}: {}'],
  ['the AMI transport {} cannot do {}', 'транспорт AMI {} не умеет: {}'],
  [
    'the AMI transport {} would send the secret in the clear to another host; use native, or allow plain',
    'транспорт AMI {} отправил бы пароль открытым текстом на другой узел: выберите native или разрешите это',
  ],
  ['connecting', 'соединяемся'],
  ['waiting', 'ждём перед новой попыткой'],
  ['refused', 'вход отклонён'],
  // Smart redirect.
  ['Trunkline stops', 'служба останавливается'],
  ['an error of ours; the log has it', 'ошибка на нашей стороне; подробности в журнале службы'],
  ['smart redirect is not set up', 'умная переадресация не настроена'],
  ['smart redirect is not set up here', 'умная переадресация здесь не настроена'],
  ['the decision could not be stored', 'решение не удалось сохранить'],
  ['this call was decided before', 'по этому звонку уже решено'],
  ['nobody waited for the answer; {}', 'ответа никто не ждал; {}'],
  ['shadow; {}', 'наблюдение; {}'],
  // Why a day's sides differ.
  ['its record was not read yet', 'его запись на АТС ещё не прочитана'],
  ['the link was away when its record may have been told', 'не было связи с АТС, когда она могла сообщить о записи'],
  [
    'Asterisk wrote no record of it (cdr.conf: unanswered, or its channels)',
    'Asterisk не записал его (cdr.conf: unanswered, или его каналы)',
  ],
  ['it fell into a gap that is not recovered yet', 'он попал в разрыв, который ещё не восстановлен'],
  ['its records were not looked at yet', 'его записи ещё не просмотрены'],
  [
    'its records make no call; the log of recovery says why',
    'из его записей не складывается звонок; причина в журнале восстановления',
  ],
  ['nothing told of it; `trunkline recover` looks again', 'о нём ничто не сообщило; `trunkline recover` поищет снова'],
  [
    'it was never owed: the integration was set up later, or what was sent is forgotten by age',
    'о нём и не нужно было сообщать: интеграцию настроили позже, или об отправке забыто за давностью',
  ],
  ['not sent yet', 'ещё не отправлено'],
  ['dead', 'не доставлено'],
  ['expired', 'устарело и не отправлено'],
  // Settings and refusals of the admin.
  ['this version has no connector of this kind', 'в этой версии такой CRM нет'],
  ['its settings do not parse: {}', 'настройки не подходят: {}'],
  [
    'several enterprises share this PBX: ask the operator',
    'этой АТС пользуются несколько предприятий: обратитесь к оператору',
  ],
  ['there is no link to a PBX here', 'связи с АТС здесь нет'],
  ['there is no such account', 'такой учётной записи нет'],
  ['there is no such line', 'такой строки нет'],
  ['there is no such alert, or it is over', 'такого оповещения нет, или оно уже закончилось'],
  ['this is not yours to see or change', 'это вам недоступно'],
  ['this log-in has no password here', 'у этого входа нет пароля здесь'],
  ['you cannot lock yourself out', 'нельзя закрыть доступ самому себе'],
  ['save the settings and switch the integration on first', 'сначала сохраните настройки и включите интеграцию'],
  ['save these settings first, then test them', 'сначала сохраните эти настройки, потом проверяйте'],
  [
    'set up a chat with its bot, or an address to post to, and save first',
    'сначала укажите чат с ботом или адрес и сохраните',
  ],
  ['{}: only the operator sets this', '{}: это меняет только оператор'],
  ['the session is over', 'сеанс закончился'],
  ['the input does not parse', 'данные не подходят'],
  ['is not the password', 'Это не ваш пароль'],
  ['is taken', 'Уже занято'],
  ['must be Latin letters, digits and . _ @ + -', 'Только латинские буквы, цифры и . _ @ + -'],
  ['must have at least {} characters', 'Не короче {} знаков'],
  ['must have at most {} characters', 'Не длиннее {} знаков'],
  ['repeats too few characters', 'Слишком мало разных знаков'],
  ['must not contain the login', 'Не должен содержать имя для входа'],
];

interface Rule {
  pattern: RegExp;
  russian: string;
}

const rules = once((): readonly Rule[] =>
  SAID.map(([english, russian]) => ({
    pattern: new RegExp(`^${english.split('{}').map(literally).join('([^]*)')}$`),
    russian,
  })),
);
/** `HTTP_403: …`, `api_key: …`: a code or a setting stays. */
const BEFORE = /^([A-Z][A-Z_\d]+|[a-z]+(?:[_.][a-z\d]+)+): ([^]+)$/;

export function saidRu(text: string): string {
  const [, before, rest] = BEFORE.exec(text) ?? [];
  if (before !== undefined && rest !== undefined) return `${before}: ${saidRu(rest)}`;
  for (const { pattern, russian } of rules()) {
    const parts = pattern.exec(text)?.slice(1);
    if (!parts) continue;
    let next = 0;
    return russian.replace(/\{\}/g, () => saidRu(parts[next++] ?? ''));
  }
  return text;
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
