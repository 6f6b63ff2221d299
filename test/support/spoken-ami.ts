/** What a client wrote to AMI, read as strictly as can be. */
export interface SpokenAction {
  readonly name: string;
  /** In order, names in lower case; without the action and its id. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

const LINE = /^([A-Za-z]+): ([^\r\n\0]*)$/;

/** @throws where anything in it is not a whole action of one `Action`, one `ActionID` and headers of one line each. */
export function spokenIn(bytes: Buffer): SpokenAction[] {
  const blocks = bytes.toString('utf8').split('\r\n\r\n');
  if (blocks.pop() !== '') throw new Error('an action is not ended');
  return blocks.map((block) => {
    const headers = block.split('\r\n').map((line): [string, string] => {
      const [, name, value = ''] = LINE.exec(line) ?? [];
      if (name === undefined) throw new Error(`no header: ${JSON.stringify(line)}`);
      return [name.toLowerCase(), value];
    });
    const of = (wanted: string) => headers.filter(([name]) => name === wanted);
    const [action, ...others] = of('action');
    if (!action || others.length > 0 || of('actionid').length !== 1)
      throw new Error(`no single action: ${JSON.stringify(block)}`);
    return { name: action[1], headers: headers.filter(([name]) => name !== 'action' && name !== 'actionid') };
  });
}
