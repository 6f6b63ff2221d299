import { useQuery } from '@tanstack/react-query';
import type { Outputs } from '../../api.js';
import { useFormat } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { Tile } from '../../parts/tile.js';
import { PbxLight } from '../pbx-light.js';
import { today } from './questions.js';

type Listed = Outputs['enterprises']['list'][number];

/** The day so far, in the enterprise's zone. */
export function Tiles({ enterprise, pbx }: { enterprise: string; pbx: Listed['pbx'] | undefined }) {
  const t = useText();
  const format = useFormat();
  const { data } = useQuery(today(enterprise));
  const figure = (value: number | undefined) => (value === undefined ? '…' : format.number(value));
  return (
    <dl className="tiles">
      <Tile name={t.dashboard.pbx} words>
        {pbx === undefined ? '…' : <PbxLight pbx={pbx} />}
      </Tile>
      <Tile name={t.dashboard.live}>{figure(data?.live)}</Tile>
      <Tile name={t.dashboard.callsToday}>{figure(data && data.inAnswered + data.inMissed + data.out)}</Tile>
      <Tile name={t.dashboard.answered}>{figure(data?.inAnswered)}</Tile>
      <Tile name={t.dashboard.missed}>{figure(data?.inMissed)}</Tile>
      <Tile name={t.dashboard.crmSuccess}>
        {data === undefined ? '…' : data.crmSuccess === null ? '—' : format.percent(data.crmSuccess)}
      </Tile>
    </dl>
  );
}
