import type { Command } from './command.js';

/** Every command, in the order help shows them. */
export const commands: readonly Command[] = [
  {
    name: 'serve',
    usage: '',
    summary: 'runs the daemon until SIGTERM; SIGHUP reads the enterprises again',
    load: async () => (await import('./serve.js')).serve,
  },
  {
    name: 'migrate',
    usage: '',
    summary: 'brings the database up to date',
    load: async () => (await import('./migrate.js')).migrate,
  },
  {
    name: 'import',
    usage: 'FILE',
    summary: 'creates or updates enterprises from a YAML file (- for standard input), all or none',
    load: async () => (await import('./import.js')).importFile,
  },
  {
    name: 'export',
    usage: '[--with-secrets]',
    summary: 'prints all enterprises as an import file, secrets masked',
    load: async () => (await import('./export.js')).exportFile,
  },
  {
    name: 'enterprise list',
    usage: '[--json]',
    summary: 'lists the enterprises',
    load: async () => (await import('./enterprise-list.js')).enterpriseList,
  },
  {
    name: 'admin create',
    usage: 'LOGIN [--enterprise N] [--password-file FILE]',
    summary: 'makes an account of the admin page: of a super-admin, or of an administrator of one enterprise',
    load: async () => (await import('./admin.js')).adminCreate,
  },
  {
    name: 'admin password',
    usage: 'LOGIN [--password-file FILE]',
    summary: 'gives an account a new password and ends its sessions',
    load: async () => (await import('./admin.js')).adminPassword,
  },
  {
    name: 'doctor',
    usage: '[ENTERPRISE] [--russian] [--json]',
    summary: 'asks PBX, database, CRMs and the public address whether all is well; each finding with its remedy',
    load: async () => (await import('./doctor.js')).doctor,
  },
  {
    name: 'call show',
    usage: 'ENTERPRISE UNIQUEID [--all] [--json]',
    summary: 'tells the story of a call: facts, conclusions and their rules, what each CRM was owed and why not',
    load: async () => (await import('./call-show.js')).callShow,
  },
  {
    name: 'deliveries list',
    usage: '[--enterprise N] [--type T] [--state S]... [--call EXTERNAL-ID] [--limit N] [--json]',
    summary: 'lists deliveries, newest first; dead ones unless told',
    load: async () => (await import('./deliveries-list.js')).deliveriesList,
  },
  {
    name: 'deliveries replay',
    usage: 'ID... | --all [--enterprise N] [--type T]',
    summary: 'sends dead deliveries again',
    load: async () => (await import('./deliveries-replay.js')).deliveriesReplay,
  },
  {
    name: 'integrations check',
    usage: 'ENTERPRISE CRM',
    summary: 'asks a CRM whether its account can be used, and compares its users with our extensions',
    load: async () => (await import('./integrations.js')).integrationsCheck,
  },
  {
    name: 'integrations register',
    usage: 'ENTERPRISE CRM',
    summary: 'tells a CRM of us anew: our module, the whole code list, where to report clicks',
    load: async () => (await import('./integrations.js')).integrationsRegister,
  },
  {
    name: 'integrations authorise',
    usage: 'ENTERPRISE CRM',
    summary: 'prints where a person lets us into an account of amoCRM or Bitrix24',
    load: async () => (await import('./integrations.js')).integrationsAuthorise,
  },
  {
    name: 'redirect try',
    usage: 'ENTERPRISE PHONE [LINE] [--json]',
    summary: 'asks the CRMs whom a call of this client would go to; does nothing',
    load: async () => (await import('./redirect-try.js')).redirectTry,
  },
  {
    name: 'redirect shadow-report',
    usage: 'ENTERPRISE [--days 7] [--json]',
    summary: 'what smart redirect decided, why, and who answered in the end',
    load: async () => (await import('./redirect-shadow-report.js')).redirectShadowReport,
  },
  {
    name: 'recover',
    usage: 'ENTERPRISE [--from DAY|TIME] [--to DAY|TIME]',
    summary:
      'reads again what the PBX kept of that time, the last day unless told, and stores the calls that are missing',
    load: async () => (await import('./recover.js')).recover,
  },
  {
    name: 'reconcile',
    usage: 'ENTERPRISE [DAY|today] [--json]',
    summary:
      'lays a day side by side: the calls of the PBX’s records, ours, and the records each CRM has; yesterday unless told',
    load: async () => (await import('./reconcile.js')).reconcile,
  },
  {
    name: 'secrets rotate',
    usage: '',
    summary: 'seals every secret with a new key',
    load: async () => (await import('./secrets-rotate.js')).secretsRotate,
  },
  {
    name: 'secrets take-over',
    usage: '[ENTERPRISE]',
    summary: 'moves secrets from the JSON old services read into sealed rows',
    load: async () => (await import('./secrets-take-over.js')).secretsTakeOver,
  },
  {
    name: 'replay',
    usage: 'CAPTURE.ami [--enterprise N] [--all] [--json]',
    summary: 'tells the story of each call of a recorded AMI session; writes nothing; --json: its call events',
    load: async () => (await import('./replay.js')).replay,
  },
  {
    name: 'demo',
    usage: '[--once]',
    summary: 'shows live calls of a simulated PBX reaching stand-in CRMs',
    load: async () => (await import('./demo.js')).demo,
  },
];
