export type PartName =
  'asterisk-16' | 'asterisk-22' | 'sipp' | 'openssl' | 'ffmpeg' | 'sqlite3' | 'chromium' | 'systemd-analyze';
export interface Part {
  readonly part: PartName;
  /** The root folder, or the command's path. */
  readonly path: string;
  readonly missing: string | null;
}
export function probeParts(env?: NodeJS.ProcessEnv): Part[];
export function cacheFolder(env?: NodeJS.ProcessEnv): string;
