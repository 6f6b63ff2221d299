import { useId, useState } from 'react';
import { useText } from '../../i18n/language.js';
import type { Messages } from '../../i18n/ru.js';
import { TextField } from '../../parts/fields.js';
import { Light } from '../../parts/light.js';
import { Table } from '../../parts/table.js';
import { remarksOf } from './mapping-rows.js';
import type { Mapping, MappingRow, Remark } from './mapping-rows.js';
import './mapping.css';

/** From so many on a search is quicker than the eye. */
const SEARCH_FROM = 12;

export function MappingTable({
  rows,
  extensions,
  onChange,
}: {
  rows: readonly MappingRow[];
  extensions: Mapping['extensions'];
  onChange(user: string, extension: string): void;
}) {
  const t = useText();
  const list = useId();
  const [wanted, setWanted] = useState('');
  const numbers = extensions.map(({ number }) => number);
  const shown = rows.filter((row) => matches(row, wanted));
  return (
    <>
      {rows.length >= SEARCH_FROM && (
        <TextField label={t.mapping.filter} type="search" value={wanted} onChange={setWanted} />
      )}
      <datalist id={list}>
        {extensions.map(({ number, name }) => (
          <option key={number} value={number} label={name ?? undefined} />
        ))}
      </datalist>
      <div className="mapping">
        <Table
          label={t.mapping.title}
          rows={shown}
          keyOf={({ user }) => user}
          columns={[
            {
              title: t.mapping.user,
              cell: ({ name, user }) => (
                <>
                  {name ?? '—'} <span className="quiet small number">№ {user}</span>
                </>
              ),
            },
            // Some CRMs keep none.
            ...(rows.some(({ own }) => own !== null)
              ? [
                  {
                    title: t.mapping.inCrm,
                    cell: ({ own }: MappingRow) => <span className="number">{own ?? '—'}</span>,
                  },
                ]
              : []),
            {
              title: t.mapping.extension,
              cell: ({ user, name, own, chosen }) => (
                <input
                  className="input mapping-input"
                  list={list}
                  inputMode="numeric"
                  aria-label={`${t.mapping.extension}: ${name ?? user}`}
                  placeholder={own ?? ''}
                  value={chosen}
                  onChange={(event) => onChange(user, event.target.value)}
                />
              ),
            },
            {
              title: t.mapping.problem,
              cell: (row) =>
                remarksOf(row, rows, numbers).map((remark) => (
                  <div key={remark.kind} className="small">
                    <Light tone="warn">{words(remark, t)}</Light>
                  </div>
                )),
            },
          ]}
        />
      </div>
    </>
  );
}

function words(remark: Remark, t: Messages): string {
  switch (remark.kind) {
    case 'inactive':
      return t.mapping.inactive;
    case 'gone':
      return t.mapping.gone;
    case 'shared':
      return t.mapping.duplicate(remark.with.join(', '));
    case 'no-such-extension':
      return t.mapping.unknownExtension;
  }
}

function matches({ name, user, own, chosen }: MappingRow, wanted: string): boolean {
  return `${name ?? ''} ${user} ${own ?? ''} ${chosen}`.toLowerCase().includes(wanted.trim().toLowerCase());
}
