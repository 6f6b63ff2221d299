/** The sign of the product. */
export function Mark({ size = 26 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden>
      <rect width="32" height="32" rx="7" fill="#0b5cad" />
      <path d="M7 10h18M16 10v14" stroke="#fff" strokeWidth="3.4" strokeLinecap="round" fill="none" />
      <circle cx="24" cy="22" r="3" fill="#6fd3a2" />
    </svg>
  );
}
