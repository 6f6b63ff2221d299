const REACH_MS = 10_000;

/** Why an address of the operator's does not answer as ours; null when it does. */
export async function reach(url: string): Promise<string | null> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(REACH_MS) });
    const text = await answer.text();
    return answer.ok && text.includes('"ok"') ? null : `status ${answer.status}, not this daemon’s answer`;
  } catch (error) {
    const { message, cause } = error as Error;
    return cause instanceof Error ? cause.message : message;
  }
}
