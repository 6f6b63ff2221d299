/** `trunkline admin create|password LOGIN`: an account of the admin page, without a browser. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createAccount } from '../admin/accounts.js';
import { findAccount, loginOf, setPassword } from '../admin/accounts-store.js';
import { writeAudit } from '../admin/audit-store.js';
import { FieldErrors } from '../admin/field-errors.js';
import { hashPassword, weakness } from '../admin/passwords.js';
import { inTransaction } from '../admin/store.js';
import { TrunklineError } from '../platform/errors.js';
import { UsageError } from './command.js';
import type { CommandContext } from './command.js';
import { enterpriseIn, withWorkbench } from './workbench.js';

const ACTOR = 'command line';

/** Without a file a password is made and printed, once. */
export async function adminCreate(context: CommandContext): Promise<number> {
  const { login, file, enterprise } = readArguments(context);
  const { password, made } = passwordFrom(context, file);
  return withWorkbench(context, async (bench) => {
    if (enterprise !== null) await enterpriseIn(bench, enterprise, { secrets: false });
    const { pool } = bench.database;
    const audit = (detail: Record<string, unknown>) =>
      writeAudit(pool, { actor: ACTOR, enterprise, action: 'admin create', detail });
    await createAccount({ pool, audit }, { login, name: '', password, enterprise }).catch(inWords);
    context.stdout(`created ${login}, ${enterprise === null ? 'super-admin' : `administrator of ${enterprise}`}`);
    if (made) context.stdout(`password: ${password}`);
    return 0;
  });
}

/** Ends every session of the account. */
export async function adminPassword(context: CommandContext): Promise<number> {
  const { login, file } = readArguments(context);
  const { password, made } = passwordFrom(context, file);
  return withWorkbench(context, async ({ database: { pool } }) => {
    const account = await findAccount(pool, login);
    if (!account) throw new TrunklineError('CONFIG_INVALID', `there is no account ${login}`);
    const why = weakness(password, login);
    if (why !== null) throw new TrunklineError('CONFIG_INVALID', `the password ${why}`);
    const hashed = await hashPassword(password);
    await inTransaction(pool, async (tx) => {
      await setPassword(tx, account.id, hashed);
      const entry = { actor: ACTOR, enterprise: account.enterprise, action: 'admin password', detail: { login } };
      await writeAudit(tx, entry);
    });
    context.stdout(`${login} has a new password`);
    if (made) context.stdout(`password: ${password}`);
    return 0;
  });
}

function readArguments({ argv }: CommandContext): { login: string; file: string | null; enterprise: string | null } {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: { enterprise: { type: 'string' }, 'password-file': { type: 'string' } },
  });
  const [login, ...more] = positionals;
  if (login === undefined || more.length > 0) throw new UsageError('name one login');
  return { login: loginOf(login), file: values['password-file'] ?? null, enterprise: values.enterprise ?? null };
}

function passwordFrom({ readFile }: CommandContext, file: string | null): { password: string; made: boolean } {
  if (file === null) return { password: randomBytes(15).toString('base64url'), made: true };
  const text = file === '-' ? readFileSync(0, 'utf8') : readFile(file);
  if (text === null) throw new TrunklineError('CONFIG_INVALID', `there is no file ${file}`);
  return { password: text.replace(/\r?\n$/, ''), made: false };
}

function inWords(error: unknown): never {
  throw error instanceof FieldErrors ? new TrunklineError('CONFIG_INVALID', error.message) : error;
}
