/**
 * What the AMI user lets us do and hear. Its rights can be asked; its `eventfilter` cannot, so that is told by what came since
 * the log-in, and not told while too little came. Pure.
 */
import type { Enterprise } from '../config/enterprise.js';
import { bad, unknown, warn, well } from './finding.js';
import type { Finding } from './finding.js';
import type { PbxRights, PbxState } from './services.js';
import { words } from './texts/field-text.js';

/** So many events of one kind, before it means anything that there was none of another. */
const ENOUGH = 10;

const FILTER = words(
  'Исправьте read= и eventfilter этого пользователя по образцу dialplan/manager.conf.sample, затем: manager reload.',
  'Set read= and eventfilter of this user as dialplan/manager.conf.sample has them, then: manager reload.',
);

export function amiFindings(
  enterprise: Pick<Enterprise, 'smartRedirect' | 'clickToCall'>,
  rights: PbxRights | null,
  heard: PbxState['heard'],
): Finding[] {
  return [...ofRights(enterprise, rights), ...ofEvents(rights, heard)];
}

function ofRights(
  { smartRedirect, clickToCall }: Pick<Enterprise, 'smartRedirect' | 'clickToCall'>,
  rights: PbxRights | null,
): Finding[] {
  if (!rights)
    return [
      unknown(
        'pbx.actions',
        words('Что разрешено пользователю AMI, АТС не говорит.', 'The PBX does not tell what the AMI user may do.'),
      ),
    ];
  const found: Finding[] = [];
  const redirects = smartRedirect !== null && smartRedirect.mode !== 'off' && smartRedirect.mode !== 'shadow';
  if (redirects && !rights.may('Redirect'))
    found.push(
      bad(
        'pbx.redirect',
        words(
          'Пользователь AMI не может переводить звонки: умная переадресация не сработает.',
          'The AMI user may not redirect calls: smart redirect cannot work.',
        ),
        words('Добавьте ему write=call в manager.conf.', 'Give this user write=call in manager.conf.'),
      ),
    );
  if (clickToCall.enabled && !rights.may('Originate'))
    found.push(
      warn(
        'pbx.originate',
        words(
          'Пользователь AMI не может начинать звонки: звонок щелчком не сработает.',
          'The AMI user may not place calls: click-to-call cannot work.',
        ),
        words(
          'Добавьте ему write=originate в manager.conf или выключите clickToCall.',
          'Give this user write=originate in manager.conf, or switch clickToCall off.',
        ),
      ),
    );
  if (rights.may('Command'))
    found.push(
      warn(
        'pbx.too-much',
        words(
          'Пользователь AMI может выполнять команды консоли: кто узнает его пароль, управляет всей АТС.',
          'The AMI user may give console commands: whoever learns its secret has the whole PBX.',
        ),
        words(
          'Оставьте ему write=call,reporting,originate в manager.conf.',
          'Leave it write=call,reporting,originate in manager.conf.',
        ),
      ),
    );
  return found;
}

function ofEvents(rights: PbxRights | null, heard: PbxState['heard']): Finding[] {
  const found: Finding[] = [];
  if (rights?.read && !rights.read.includes('call'))
    found.push(
      bad(
        'pbx.events',
        words(
          'Пользователь AMI не получает событий звонков (класс call).',
          'The AMI user gets no events of calls (class call).',
        ),
        FILTER,
      ),
    );
  const raw = Object.entries(heard.raw).filter(([, times]) => times > 0);
  if (raw.length > 0) {
    const list = raw.map(([name, times]) => `${name} (${times})`).join(', ');
    found.push(
      warn(
        'pbx.raw-events',
        words(
          `Фильтр пропускает ${list}: это больше половины потока, и тексты звонящих попадают в него как есть.`,
          `The filter lets ${list} through: more than half of the stream, with what callers write as it is.`,
        ),
        FILTER,
      ),
    );
  }
  const needed = Object.entries(heard.needed);
  const [most = '', times = 0] = needed.toSorted(([, one], [, other]) => other - one)[0] ?? [];
  if (times < ENOUGH) return [...found, TOO_LITTLE];
  const never = needed.filter(([, one]) => one === 0).map(([name]) => name);
  return [...found, never.length === 0 ? heardAll(most, times) : heardNot(never.join(', '), most, times)];
}

/** Not certain: calls may be going on, and nobody may have answered one. */
const heardNot = (never: string, most: string, times: number): Finding =>
  warn(
    'pbx.filter',
    words(
      `С момента входа пришло ${most}: ${times}, но ни одного ${never}: их не пропускает фильтр, или таких звонков ещё не было.`,
      `Since the log-in ${times} × ${most} came and no ${never}: the filter keeps them out, or there was no such call yet.`,
    ),
    FILTER,
  );

const heardAll = (name: string, times: number): Finding =>
  well(
    'pbx.filter',
    words(
      `События звонков приходят все, какие нужны (${name}: ${times}).`,
      `Of the events of calls all that are needed come (${name}: ${times}).`,
    ),
  );

const TOO_LITTLE = unknown(
  'pbx.filter',
  words(
    'Что не пропускает eventfilter, ещё не известно: с момента входа прошло слишком мало звонков, а спросить об этом АТС нельзя.',
    'What the eventfilter keeps out is not known yet: too few calls came since the log-in, and a PBX cannot be asked for it.',
  ),
);
