import {
  Activity,
  Bell,
  Building2,
  ChartLine,
  Gauge,
  History,
  Inbox,
  PhoneCall,
  Route as RouteIcon,
  Scale,
  Server,
  Users,
} from 'lucide-react';
import type { LucideIcon } from 'lucide-react';
import { Link, useLocation } from 'wouter';
import { useText } from '../i18n/language.js';
import type { Messages } from '../i18n/ru.js';
import { useMe } from '../session.js';
import { AlertCount } from './alert-count.js';

interface Section {
  path: string;
  name: keyof Messages['nav'];
  picture: LucideIcon;
}

const OF_ENTERPRISE: readonly Section[] = [
  { path: '', name: 'dashboard', picture: Gauge },
  { path: '/calls', name: 'calls', picture: PhoneCall },
  { path: '/log', name: 'log', picture: Activity },
  { path: '/deliveries', name: 'deliveries', picture: Inbox },
  { path: '/alerts', name: 'alerts', picture: Bell },
  { path: '/redirect', name: 'redirect', picture: RouteIcon },
  { path: '/stats', name: 'stats', picture: ChartLine },
  { path: '/reconciliation', name: 'reconciliation', picture: Scale },
  { path: '/pbx', name: 'pbx', picture: Server },
  { path: '/users', name: 'users', picture: Users },
  { path: '/audit', name: 'audit', picture: History },
];

const OF_OPERATOR: readonly Section[] = [
  { path: '/operator/enterprises', name: 'enterprises', picture: Building2 },
  { path: '/operator/alerts', name: 'alerts', picture: Bell },
  { path: '/operator/users', name: 'operators', picture: Users },
  { path: '/operator/audit', name: 'audit', picture: History },
];

export function Sections({ enterprise }: { enterprise: string | null }) {
  const t = useText();
  const me = useMe();
  return (
    <nav className="sections" aria-label={t.nav.label}>
      {enterprise && (
        <ul>
          {OF_ENTERPRISE.map((section) => (
            <Item
              key={section.path}
              section={section}
              base={`/e/${enterprise}`}
              enterprise={decodeURIComponent(enterprise)}
            />
          ))}
        </ul>
      )}
      {me.kind === 'super' && (
        <ul>
          {OF_OPERATOR.map((section) => (
            <Item key={section.path} section={section} base="" enterprise={null} />
          ))}
        </ul>
      )}
    </nav>
  );
}

function Item({
  section: { path, name, picture: Picture },
  base,
  enterprise,
}: {
  section: Section;
  base: string;
  enterprise: string | null;
}) {
  const t = useText();
  const [address] = useLocation();
  const to = `${base}${path}`;
  const current = path === '' ? address === to || address.startsWith(`${to}/integrations`) : address.startsWith(to);
  return (
    <li>
      <Link to={to} className="section" aria-current={current ? 'page' : undefined}>
        <Picture size={18} aria-hidden />
        <span>{t.nav[name]}</span>
        {name === 'alerts' && <AlertCount enterprise={enterprise} />}
      </Link>
    </li>
  );
}
