import type { Outputs } from '../../api.js';
import { useText } from '../../i18n/language.js';
import { Tile } from '../../parts/tile.js';
import { PbxLight } from '../pbx-light.js';

type Listed = Outputs['enterprises']['list'][number];

export function Tiles({ enterprise }: { enterprise: Listed }) {
  const t = useText();
  return (
    <dl className="tiles">
      <Tile name={t.dashboard.pbx} words>
        <PbxLight pbx={enterprise.pbx} />
      </Tile>
    </dl>
  );
}
