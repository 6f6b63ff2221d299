/** What the name of a channel says: who is on it. Names come from the PBX's configuration, never from a caller. */
export interface ChannelName {
  /** The endpoint: `151`, `trunk`, `0001363`; of a Local channel what it dials. */
  resource: string;
  /** A half of a Local channel. */
  isLocal: boolean;
}

const LOCAL = /^Local\/([^@]*)@.*;[12]$/i;
/** What Asterisk puts around a name while it moves a channel. */
const MOVED = /^(?:AsyncGoto|Bridge|Surviving|Transfered)\/(?=[A-Za-z])|<(?:ZOMBIE|MASQ)>$/g;

/** The name without marks of a move, so that a channel keeps its name through one. */
export function settledName(name: string): string {
  return name.includes('<') || name.startsWith('AsyncGoto/') || name.startsWith('Surviving/')
    ? name.replace(MOVED, '')
    : name;
}

/** `PJSIP/151-0000000c`, `SIP/0001363-00000004`, `Local/152@internal-00000002;1`, `DAHDI/i1/290000001-3`. */
export function parseChannelName(raw: string): ChannelName {
  const name = settledName(raw);
  const local = LOCAL.exec(name);
  if (local) return { resource: local[1] ?? '', isLocal: true };
  const slash = name.indexOf('/');
  const rest = slash < 0 ? name : name.slice(slash + 1);
  const dash = rest.lastIndexOf('-');
  return { resource: dash > 0 ? rest.slice(0, dash) : rest, isLocal: false };
}
