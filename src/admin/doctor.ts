/**
 * What keeps calls of an enterprise from reaching its CRMs, found out by asking each part: every finding with its remedy. Nothing is
 * changed, but that a host nobody has spoken to before is known by its key from then on. What cannot be asked is a finding too.
 */
import type { Enterprise } from '../config/enterprise.js';
import type { Connections } from '../integrations/connections.js';
import type { AnyConnector, CheckResult, CrmUser } from '../integrations/contract.js';
import { mappingHealth } from '../integrations/mapping-health.js';
import type { MappingFinding } from '../integrations/mapping-health.js';
import { chosenExtensions } from '../integrations/people.js';
import type { Looked } from '../recovery/look.js';
import { amiFindings } from './doctor-ami.js';
import { recoveryFindings } from './doctor-recovery.js';
import { bad, same, warn, well } from './finding.js';
import type { Finding } from './finding.js';
import type { PbxRights, PbxState } from './services.js';
import { words } from './texts/field-text.js';
import type { Words } from './texts/field-text.js';
import { nextStep } from './texts/next-step.js';

export interface DoctorPorts {
  /** Why the database does not answer; null when it does. */
  database(): Promise<string | null>;
  /** Null: there is no link. */
  pbx(): PbxState | null;
  /** Of the AMI user; null: the PBX does not tell. */
  rights(): Promise<PbxRights | null>;
  /** Null: the PBX cannot be asked. */
  hasContext(context: string): Promise<boolean | null>;
  crms: readonly {
    type: string;
    check(signal: AbortSignal): Promise<CheckResult>;
    users: ((signal: AbortSignal) => Promise<CrmUser[]>) | null;
  }[];
  /** What its recovery is to read, looked at. */
  sources(signal: AbortSignal): Promise<readonly Looked[]>;
  publicUrl: string | null;
  /** Why this address does not answer as ours; null when it does. */
  reach(url: string): Promise<string | null>;
}

const WRONG: Record<MappingFinding['kind'], Words> = {
  unmapped: words('ни у кого', 'nobody has it'),
  shared: words('у нескольких', 'several have it'),
  dismissed: words('сотрудник уволен', 'its user has left'),
  'unknown-user': words('такого нет в CRM', 'its user is not in the CRM'),
};
const SKEW_MS = 2_000;
const ASK_MS = 30_000;

/** The accounts of an enterprise that are alive. */
export function crmsOf(
  registry: readonly AnyConnector[],
  connections: Pick<Connections, 'of'>,
  enterprise: string,
): DoctorPorts['crms'] {
  return registry.flatMap(({ id: type }) => {
    const connection = connections.of(enterprise, type)?.connection;
    if (!connection) return [];
    const users = connection.users ? (signal: AbortSignal) => connection.users?.(signal) ?? Promise.resolve([]) : null;
    return [{ type, check: (signal: AbortSignal) => connection.check(signal), users }];
  });
}

export async function examine(enterprise: Enterprise, ports: DoctorPorts): Promise<Finding[]> {
  const parts = [
    database(ports),
    pbx(enterprise, ports),
    publicUrl(ports),
    ports.sources(AbortSignal.timeout(ASK_MS)).then(recoveryFindings),
    ...ports.crms.map((crm) => account(enterprise, crm)),
  ];
  return [...mode(enterprise), ...(await Promise.all(parts)).flat()];
}

function mode({ mode: now }: Enterprise): Finding[] {
  if (now === 'on') return [];
  const what =
    now === 'off'
      ? words('Предприятие выключено: звонки не отслеживаются.', 'The enterprise is off: its calls are not tracked.')
      : words('Режим «тень»: в CRM ничего не отправляется.', 'Mode “shadow”: nothing is sent to CRMs.');
  return [
    {
      id: 'mode',
      level: 'warning',
      found: what,
      remedy: words('Включите предприятие, когда будете готовы.', 'Switch the enterprise on when you are ready.'),
    },
  ];
}

async function database(ports: DoctorPorts): Promise<Finding[]> {
  const why = await ports.database();
  if (why === null) return [well('database', words('База данных отвечает.', 'The database answers.'))];
  return [
    bad(
      'database',
      same(why),
      words(
        'Проверьте, что PostgreSQL запущен и DATABASE_URL верен.',
        'See that PostgreSQL runs and DATABASE_URL is right.',
      ),
    ),
  ];
}

async function pbx(enterprise: Enterprise, ports: DoctorPorts): Promise<Finding[]> {
  if (!enterprise.pbx || !enterprise.sources.includes('ami'))
    return [well('pbx', words('О звонках сообщают только вебхуки.', 'Only webhooks tell of calls.'))];
  const state = ports.pbx();
  if (!state)
    return [
      warn(
        'pbx',
        words('Связи с АТС здесь нет.', 'There is no link to the PBX here.'),
        words(
          'Предприятие выключено, или АТС держит другой демон.',
          'The enterprise is off, or another daemon holds its PBX.',
        ),
      ),
    ];
  if (state.phase === 'away')
    return [bad('pbx', same(state.lastError?.message ?? state.session), remedyOf(state.lastError?.code))];
  const found = [well('pbx', words('АТС на связи, вход выполнен.', 'The PBX is reached and has let us in.'))];
  if (!state.canResync)
    found.push(
      bad(
        'pbx.rights',
        words('Пользователь AMI не может смотреть каналы.', 'The AMI user may not list channels.'),
        words(
          'Добавьте в manager.conf права write=call,reporting,system для этого пользователя.',
          'Give this user write=call,reporting,system in manager.conf.',
        ),
      ),
    );
  if (state.skewMs !== null && Math.abs(state.skewMs) > SKEW_MS) {
    const seconds = (state.skewMs / 1_000).toFixed(1);
    found.push(
      warn(
        'pbx.clock',
        words(`Часы АТС отличаются на ${seconds} с.`, `The PBX’s clock is off by ${seconds} s.`),
        words('Включите на АТС chrony или ntpd.', 'Run chrony or ntpd on the PBX.'),
      ),
    );
  }
  found.push(...amiFindings(enterprise, await ports.rights().catch(() => null), state.heard));
  const contexts = await Promise.all(
    enterprise.inboundContexts.map(async (name) => ({ name, there: await ports.hasContext(name) })),
  );
  const missing = contexts.filter(({ there }) => there === false);
  // The usual names are a guess; that none of them exists is a mistake.
  if (missing.length > 0 && missing.length === contexts.length)
    found.push(
      bad(
        'pbx.contexts',
        words(
          `На АТС нет контекстов входящих: ${missing.map(({ name }) => name).join(', ')}.`,
          `The PBX has none of the inbound contexts: ${missing.map(({ name }) => name).join(', ')}.`,
        ),
        words(
          'Укажите в inboundContexts контекст своих транков.',
          'Name the context of your trunks in inboundContexts.',
        ),
      ),
    );
  return found;
}

function remedyOf(code: string | undefined): Words {
  if (code === 'AMI_AUTH_FAILED')
    return words(
      'Проверьте имя и пароль AMI и строки permit/deny в manager.conf.',
      'Check the AMI user, its secret and permit/deny in manager.conf.',
    );
  if (code === 'AMI_TRANSPORT_CANNOT')
    return words(
      'Выберите transport: native или уберите то, чего не умеет другой.',
      'Choose transport: native, or drop what the other one cannot do.',
    );
  return words(
    'Проверьте адрес и порт, что в manager.conf enabled=yes и порт открыт для нас.',
    'Check host and port, enabled=yes in manager.conf, and that the port is open to us.',
  );
}

async function account(
  enterprise: Enterprise,
  { type, check, users }: DoctorPorts['crms'][number],
): Promise<Finding[]> {
  const signal = AbortSignal.timeout(ASK_MS);
  const result = await check(signal).catch((error: unknown): CheckResult => ({
    ok: false,
    code: 'FAILED',
    why: String(error),
  }));
  if (!result.ok) return [bad(`crm ${type}`, same(`${result.code}: ${result.why}`), nextStep(result.code))];
  const found = [
    well(`crm ${type}`, same(result.account)),
    ...result.warnings.map((text) => warn(`crm ${type}`, same(text), null)),
  ];
  const known = users && (await users(signal).catch(() => null));
  if (!known) return found;
  const chosen = chosenExtensions(
    enterprise.integrations[type]?.['user_extensions'] as Parameters<typeof chosenExtensions>[0],
  );
  const wrong = mappingHealth(
    enterprise.extensions.map(({ number }) => number),
    chosen,
    known,
  );
  if (wrong.length === 0) return found;
  const list = (language: keyof Words) =>
    wrong.map(({ kind, extension }) => `${extension} (${WRONG[kind][language]})`).join(', ');
  return [
    ...found,
    warn(
      `mapping ${type}`,
      words(`Сопоставление номеров: ${list('ru')}.`, `Extensions and users: ${list('en')}.`),
      words(
        'Исправьте таблицу «внутренний номер — пользователь CRM».',
        'Correct the table of extensions and CRM users.',
      ),
    ),
  ];
}

async function publicUrl({ publicUrl: url, reach }: DoctorPorts): Promise<Finding[]> {
  if (url === null)
    return [
      warn(
        'public-url',
        words('Публичный адрес не задан.', 'There is no public address.'),
        words(
          'Задайте TRUNKLINE_PUBLIC_URL: по нему CRM открывают записи и звонят щелчком.',
          'Set TRUNKLINE_PUBLIC_URL: CRMs open recordings and click to call by it.',
        ),
      ),
    ];
  const why = await reach(`${url}/healthz`);
  if (why === null) return [well('public-url', words('Публичный адрес отвечает.', 'The public address answers.'))];
  return [
    bad(
      'public-url',
      same(`${url}: ${why}`),
      words('Проверьте DNS, прокси и сертификат этого адреса.', 'Check DNS, proxy and certificate of this address.'),
    ),
  ];
}
