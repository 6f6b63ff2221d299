/**
 * What names users of the account is sent once more without them when it is refused for them: somebody who has left, or whom the list of
 * users does not show to us, must not cost a record.
 */
import { namesAUser } from './client.js';
import type { AmoCrmClient, Answer, Sending } from './client.js';
import type { Body } from './requests.js';

/** `warnings` gets a line when the users were left out. */
export async function postForUsers(
  client: AmoCrmClient,
  path: string,
  items: readonly Body[],
  how: Sending,
  warnings: string[],
): Promise<Answer> {
  const answer = await client.post(path, items, how);
  if (answer.ok || !namesAUser(answer.body)) return answer;
  warnings.push(`recorded without a responsible user: ${answer.failure.why}`);
  return client.post(path, items.map(withoutUsers), how);
}

/** In a call and in the parameters of a note a user is a number, somebody else a name. */
function withoutUsers({ responsible_user_id: _responsible, created_by: _author, ...item }: Body): Body {
  const params = item['params'];
  return {
    ...withoutTalker(item),
    ...(typeof params === 'object' && params !== null ? { params: withoutTalker(params as Body) } : {}),
  };
}

function withoutTalker({ call_responsible: talker, ...rest }: Body): Body {
  return typeof talker === 'string' ? { ...rest, call_responsible: talker } : rest;
}
