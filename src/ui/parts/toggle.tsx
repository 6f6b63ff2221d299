import { Switch } from '@base-ui/react/switch';
import './toggle.css';

export function Toggle({
  label,
  hideLabel,
  checked,
  disabled,
  busy,
  onChange,
}: {
  label: string;
  hideLabel?: boolean;
  checked: boolean;
  disabled?: boolean;
  busy?: boolean;
  onChange(checked: boolean): void;
}) {
  return (
    <label className="toggle">
      <Switch.Root
        className="toggle-track"
        checked={checked}
        disabled={disabled}
        readOnly={busy}
        aria-busy={busy || undefined}
        onCheckedChange={onChange}
      >
        <Switch.Thumb className="toggle-thumb" />
      </Switch.Root>
      <span className={hideLabel ? 'hidden-text' : undefined}>{label}</span>
    </label>
  );
}
