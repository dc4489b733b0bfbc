export function HealthPage() {
  return (
    <main id="main">
      <h1>Health</h1>
    </main>
  );
}
