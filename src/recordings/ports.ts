/** What recordings need of the rest, and what its parts are to each other. */
import type { Readable } from 'node:stream';
import type { CallFacts } from '../calls/vocabulary.js';
import type { SshTarget } from '../platform/ssh.js';

/** What an enterprise has set; a part of its settings. */
export interface RecordingSource {
  from: 'folder' | 'sftp' | 'http';
  root: string;
  /** The root as the PBX names it. */
  pbxRoot: string;
  url: string | null;
  username: string | null;
  password: string | null;
  file: string;
  timezone: string;
  format: 'as-is' | 'mp3';
  mp3Kbps: number;
  keepDays: number;
  linkDays: number | null;
}

export interface RecordingEnterprise {
  number: string;
  recordings: RecordingSource;
  ssh: SshTarget | null;
}

/** What of a call says where its recording is. */
export type RecordedCall = Pick<CallFacts, 'uid' | 'recordingFile' | 'startedAt'>;

export interface FileSeen {
  bytes: number;
  /** Unix ms by the host's clock; null when it does not say. */
  modifiedAt: number | null;
}

/** Files of one PBX. A path is relative to the root and never leads out of it. */
export interface Source {
  /** Null: it is not there. @throws SourceFailure when that cannot be told */
  stat(path: string): Promise<FileSeen | null>;
  /** Bytes from `start` to `end`, both counted. */
  read(path: string, range?: { start: number; end: number }): Promise<Readable>;
  /** False: its line was lost, another one is to be opened. */
  isOpen(): boolean;
  close(): void;
}

/** A source that could not be asked, or refused. The message is for an operator. */
export class SourceFailure extends Error {
  override readonly name = 'SourceFailure';
}

/** A place that could not be reached, so nothing in it can. */
export class KeepAway extends Error {
  override readonly name = 'KeepAway';
}

/** Where finished recordings stay: a folder, or an S3-compatible store. */
export interface Keep {
  readonly kind: 'folder' | 's3';
  /** Takes a finished file of this machine. Done again it is the same. */
  put(key: string, file: string, contentType: string): Promise<void>;
  /** Null: it is not there. */
  open(key: string, range: { start: number; end: number } | null): Promise<Readable | null>;
  size(key: string): Promise<number | null>;
  /** @throws KeepAway; any other error concerns this one alone */
  remove(key: string): Promise<void>;
}
