import type { ButtonHTMLAttributes, ReactNode } from 'react';
import { LoaderCircle } from 'lucide-react';
import { Link } from 'wouter';
import './button.css';

type Look = 'main' | 'plain' | 'quiet' | 'danger';

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look;
  small?: boolean;
  /** Work is under way: the button stays where it is, says so, and does nothing more. */
  busy?: boolean;
  icon?: ReactNode;
}

export function Button({ look = 'plain', small, busy, icon, children, disabled, onClick, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={classes(look, small)}
      disabled={disabled}
      aria-busy={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
    >
      {busy ? <LoaderCircle size={16} className="spin" aria-hidden /> : icon}
      {children}
    </button>
  );
}

/** Looks like a button, leads somewhere. */
export function ButtonLink({
  to,
  look = 'plain',
  small,
  icon,
  children,
}: {
  to: string;
  look?: Look;
  small?: boolean;
  icon?: ReactNode;
  children: ReactNode;
}) {
  return (
    <Link to={to} className={classes(look, small)}>
      {icon}
      {children}
    </Link>
  );
}

/** Only a picture: `label` is its name. */
export function IconButton({
  label,
  children,
  ...rest
}: { label: string; children: ReactNode } & ButtonHTMLAttributes<HTMLButtonElement>) {
  return (
    <button type="button" {...rest} className="icon-button" aria-label={label} title={label}>
      {children}
    </button>
  );
}

function classes(look: Look, small: boolean | undefined): string {
  return `button button-${look}${small ? ' button-small' : ''}`;
}
