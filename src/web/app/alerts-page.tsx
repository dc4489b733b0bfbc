export function AlertsPage() {
  return (
    <main id="main">
      <h1>Alerts</h1>
    </main>
  );
}
