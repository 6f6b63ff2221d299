/** Whether calls that are missed could be found on the host of a PBX: what a look at it told, with the way out. Pure. */
import type { ErrorCode } from '../platform/errors.js';
import type { Looked } from '../recovery/look.js';
import { bad, same, warn, well } from './finding.js';
import type { Finding } from './finding.js';
import { words } from './texts/field-text.js';
import type { Words } from './texts/field-text.js';

export function recoveryFindings(looked: readonly Looked[]): Finding[] {
  return looked.map(findingOf);
}

function findingOf(one: Looked): Finding {
  const id = `recovery.${one.part}`;
  if ('failed' in one) {
    const { code, message } = one.failed;
    return bad(id, same(`${code}: ${message}`), REMEDIES[code] ?? ELSE);
  }
  switch (one.part) {
    case 'ssh':
      return well(id, words('Хост АТС впускает нас по SSH.', 'The PBX’s host lets us in by SSH.'));
    case 'events':
      return one.file === null ? NO_DATABASE : eventsRead(one.file, one.form);
    case 'cdr':
      return one.why === null ? csvRead(one.file, one.bytes) : csvUnusable(one.file, one.why);
  }
}

const eventsRead = (file: string, form: 'json' | 'hex'): Finding =>
  well(
    'recovery.events',
    words(
      `База событий хоста читается: ${file}; sqlite3 отвечает ${form === 'json' ? 'в JSON' : 'шестнадцатеричными цифрами (старый)'}.`,
      `The host’s event database is read: ${file}; sqlite3 answers in ${form === 'json' ? 'JSON' : 'hex digits (an old one)'}.`,
    ),
  );

const NO_DATABASE = warn(
  'recovery.events',
  words('Базы событий за сегодня и вчера на хосте нет.', 'The host has no event database of today, nor of yesterday.'),
  words(
    'Проверьте recovery.events.folder и file и что скрипт, который её пишет, на хосте запущен.',
    'Check recovery.events.folder and file, and that the script that writes it runs on the host.',
  ),
);

const csvRead = (file: string, bytes: number): Finding =>
  well('recovery.cdr', words(`${file} читается (${bytes} байт).`, `${file} is read (${bytes} bytes).`));

const csvUnusable = (file: string, why: string): Finding =>
  warn(
    'recovery.cdr',
    words(`Последняя строка ${file} непригодна: ${why}.`, `Nothing can be made of the last line of ${file}: ${why}.`),
    words(
      'Задайте loguniqueid=yes в разделе [csv] файла cdr.conf, затем: module reload cdr_csv.so.',
      'Set loguniqueid=yes in section [csv] of cdr.conf, then: module reload cdr_csv.so.',
    ),
  );

const REMEDIES: Partial<Record<ErrorCode, Words>> = {
  SSH_UNREACHABLE: words(
    'Проверьте ssh.host и ssh.port и что порт открыт для нас.',
    'Check ssh.host and ssh.port, and that the port is open to us.',
  ),
  SSH_AUTH_FAILED: words('Проверьте ssh.username и пароль или ключ.', 'Check ssh.username and its password or key.'),
  SSH_HOST_KEY_CHANGED: words(
    'Если хост переустановили, сверьте отпечаток на нём и задайте его в ssh.hostKey. Иначе между нами кто-то стоит.',
    'If the host was set up anew, compare the fingerprint there and set it as ssh.hostKey. Else somebody stands in between.',
  ),
  RECOVERY_NOTHING_THERE: words(
    'Исправьте recovery.events.folder или recovery.cdr.file: путь — каким его видит пользователь ssh.',
    'Set recovery.events.folder or recovery.cdr.file right: as the user of ssh sees it.',
  ),
  RECOVERY_MAY_NOT_READ: words(
    'Дайте этому пользователю право на чтение: включите его в группу asterisk, а файл сделайте читаемым для неё.',
    'Let this user read it: make him a member of the group asterisk, and the file readable by it.',
  ),
  RECOVERY_NO_SQLITE3: words(
    'Установите sqlite3 на хост или укажите путь к нему в recovery.events.sqlite3.',
    'Install sqlite3 on the host, or say where it is in recovery.events.sqlite3.',
  ),
};

const ELSE = words('Исправьте то, что ответил хост.', 'Put right what the host says.');
