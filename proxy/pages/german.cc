#include "proxy/pages/german.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace stead::proxy {
namespace {

using Text = std::pair<std::string_view, std::string_view>;
constexpr auto kTexts = std::to_array<Text>({
    // --- words of every page ---
    {"Request id", "Vorgangsnummer"},
    {"The administrator can find the cause by the request id.",
     "Die Administratoren finden die Ursache anhand der Vorgangsnummer."},
    {"Please try again in a moment.", "Bitte versuchen Sie es gleich noch einmal."},
    {"Please try again in {} seconds.", "Bitte versuchen Sie es in {} Sekunden noch einmal."},
    // --- sign-in ---
    {"Sign in", "Anmelden"},
    {"Sign in to {}", "Anmelden bei {}"},
    {"User name", "Benutzername"},
    {"Password", "Kennwort"},
    {"Sign out", "Abmelden"},
    {"Sign-in needed", "Anmeldung erforderlich"},
    {"Continue with the login form.", "Weiter mit dem Anmeldeformular."},
    {"Sign in with the form at /.stead/login.", "Melden Sie sich mit dem Formular unter /.stead/login an."},
    {"Signed in", "Angemeldet"},
    {"You are signed in.", "Sie sind angemeldet."},
    {"You are signed in as {}.", "Sie sind angemeldet als {}."},
    {"Signed out", "Abgemeldet"},
    {"You are signed out.", "Sie sind abgemeldet."},
    {"You are not signed in.", "Sie sind nicht angemeldet."},
    {"Sign in again", "Erneut anmelden"},
    {"Not signed out", "Nicht abgemeldet"},
    {"The request to sign out came from another site.", "Die Aufforderung zum Abmelden kam von einer anderen Website."},
    {"Your session has ended. Please sign in again.", "Ihre Sitzung ist abgelaufen. Bitte melden Sie sich erneut an."},
    {"Your session has ended", "Ihre Sitzung ist abgelaufen"},
    {"What you sent was not processed. Sign in again in a new window, then come back here and load this page again: "
     "your "
     "browser then offers to send it once more.",
     "Was Sie gesendet haben, wurde nicht verarbeitet. Melden Sie sich in einem neuen Fenster erneut an, kommen Sie "
     "hierher "
     "zurück und laden Sie diese Seite neu: Ihr Browser bietet dann an, es noch einmal zu senden."},
    {"Sign in in a new window", "In einem neuen Fenster anmelden"},
    {"You can close this window, and load the other one again.",
     "Sie können dieses Fenster schließen und das andere neu laden."},
    {"The user name or the password is not correct.", "Der Benutzername oder das Kennwort ist nicht richtig."},
    {"Your password has expired. Change it, then sign in again.",
     "Ihr Kennwort ist abgelaufen. Ändern Sie es und melden Sie sich dann erneut an."},
    {"Too many failed sign-ins. Please try again in {} minutes.",
     "Zu viele fehlgeschlagene Anmeldungen. Bitte versuchen Sie es in {} Minuten noch einmal."},
    {"The form has expired, or it does not come from this site. Sign in again.",
     "Das Formular ist abgelaufen oder kommt nicht von dieser Website. Bitte melden Sie sich erneut an."},
    {"Your browser sent back no cookie of this site. Allow cookies for it, then sign in again.",
     "Ihr Browser hat kein Cookie dieser Website zurückgesendet. Erlauben Sie Cookies für diese Website und melden Sie "
     "sich "
     "dann erneut an."},
    {"Sign-in refused", "Anmeldung abgelehnt"},
    {"Your account is not allowed to sign in. Ask your administrator, and give them the request id below.",
     "Ihr Konto darf sich nicht anmelden. Wenden Sie sich an Ihre Administratoren und nennen Sie die Vorgangsnummer "
     "unten."},
    {"Sign-in is not possible now", "Anmeldung zurzeit nicht möglich"},
    {"The sign-in service does not answer. Try again in a moment.",
     "Der Anmeldedienst antwortet nicht. Versuchen Sie es gleich noch einmal."},
    {"The sign-in service does not answer. Please try again in a moment.",
     "Der Anmeldedienst antwortet nicht. Bitte versuchen Sie es gleich noch einmal."},
    {"Sign-in was not completed", "Die Anmeldung wurde nicht abgeschlossen"},
    {"Your browser stopped part-way; please load the page again.",
     "Ihr Browser hat die Anmeldung abgebrochen; bitte laden Sie die Seite neu."},
    {"This site signs you in with Kerberos, and your browser sent no valid ticket. Sign in to your domain, and add "
     "this site "
     "to the browser's intranet or trusted sites.",
     "Diese Website meldet Sie mit Kerberos an, und Ihr Browser hat kein gültiges Ticket gesendet. Melden Sie sich an "
     "Ihrer "
     "Domäne an und nehmen Sie diese Website in die Intranet- oder vertrauenswürdigen Sites des Browsers auf."},
    {"Two users at once", "Zwei Benutzer zugleich"},
    {"Your browser sent a Kerberos ticket of another user than the one who is signed in. Sign out, or close the "
     "browser.",
     "Ihr Browser hat ein Kerberos-Ticket eines anderen Benutzers gesendet als des angemeldeten. Melden Sie sich ab "
     "oder "
     "schließen Sie den Browser."},
    {"Please sign in again", "Bitte melden Sie sich erneut an"},
    {"Your sign-in is no longer valid.", "Ihre Anmeldung ist nicht mehr gültig."},
    // --- certificates ---
    {"Certificate needed", "Zertifikat erforderlich"},
    {"This site signs you in with a client certificate, and your browser sent none.",
     "Diese Website meldet Sie mit einem Clientzertifikat an, und Ihr Browser hat keines gesendet."},
    {"Certificate not trusted", "Zertifikat nicht vertrauenswürdig"},
    {"This site does not trust the authority that issued your certificate. Choose another certificate.",
     "Diese Website vertraut der Stelle nicht, die Ihr Zertifikat ausgestellt hat. Wählen Sie ein anderes Zertifikat."},
    {"Certificate expired", "Zertifikat abgelaufen"},
    {"Your certificate has expired. Renew it, or choose another one.",
     "Ihr Zertifikat ist abgelaufen. Erneuern Sie es oder wählen Sie ein anderes."},
    {"Certificate revoked", "Zertifikat widerrufen"},
    {"Your certificate has been revoked. Ask your administrator for a new one.",
     "Ihr Zertifikat wurde widerrufen. Bitten Sie Ihre Administratoren um ein neues."},
    {"Certificate not accepted", "Zertifikat nicht angenommen"},
    {"Your certificate cannot be used to sign in.", "Mit Ihrem Zertifikat können Sie sich nicht anmelden."},
    // --- refusals ---
    {"Not permitted", "Nicht erlaubt"},
    {"Your account may not use this application. Ask your administrator, and give them the request id below.",
     "Ihr Konto darf diese Anwendung nicht nutzen. Wenden Sie sich an Ihre Administratoren und nennen Sie die "
     "Vorgangsnummer "
     "unten."},
    {"Not allowed", "Nicht zugelassen"},
    {"You are signed in, but Stead may not open this application on your behalf. If you need it, give the request id "
     "to your "
     "administrator.",
     "Sie sind angemeldet, aber Stead darf diese Anwendung nicht in Ihrem Namen öffnen. Wenn Sie sie brauchen, nennen "
     "Sie "
     "Ihren Administratoren die Vorgangsnummer."},
    {"Request from another site", "Anfrage von einer anderen Website"},
    {"A page of another site sent this request in your name, and it was refused. If that page needs it, ask your "
     "administrator, and give them the request id below.",
     "Eine Seite einer anderen Website hat diese Anfrage in Ihrem Namen gesendet; sie wurde abgelehnt. Wenn jene Seite "
     "sie "
     "braucht, wenden Sie sich an Ihre Administratoren und nennen Sie die Vorgangsnummer unten."},
    {"A page of {} sent this request in your name, and it was refused. If that page needs it, ask your administrator, "
     "and give them the request id below.",
     "Eine Seite von {} hat diese Anfrage in Ihrem Namen gesendet; sie wurde abgelehnt. Wenn jene Seite sie braucht, "
     "wenden Sie sich an Ihre Administratoren und nennen Sie die Vorgangsnummer unten."},
    {"This application does not accept requests from pages of {}.",
     "Diese Anwendung nimmt keine Anfragen von Seiten von {} an."},
    {"No forwarded ticket", "Kein weitergeleitetes Ticket"},
    // --- applications ---
    {"Not found", "Nicht gefunden"},
    {"There is nothing at this address.", "Unter dieser Adresse gibt es nichts."},
    {"There is no such page here.", "Diese Seite gibt es hier nicht."},
    {"No such site", "Unbekannte Website"},
    {"This server does not serve the name you asked for.", "Dieser Server kennt den angefragten Namen nicht."},
    {"This page has moved", "Diese Seite ist umgezogen"},
    {"It is at {}.", "Sie ist jetzt unter {}."},
    {"This site is encrypted", "Diese Website ist verschlüsselt"},
    {"Your browser now asks for the page at {}.", "Ihr Browser fragt jetzt unter {} nach der Seite."},
    {"Another connection is needed", "Eine andere Verbindung ist nötig"},
    {"The certificate of this connection is not for that name.",
     "Das Zertifikat dieser Verbindung gilt nicht für diesen Namen."},
    {"This site asks for a client certificate, which this connection was opened without.",
     "Diese Website fragt nach einem Zertifikat; diese Verbindung wurde ohne diese Frage geöffnet."},
    {"Too many requests", "Zu viele Anfragen"},
    {"Please wait a moment and try again.", "Bitte warten Sie einen Moment und versuchen Sie es noch einmal."},
    {"Not available at the moment", "Zurzeit nicht verfügbar"},
    {"This application is being maintained. Please come back later.",
     "Diese Anwendung wird gewartet. Bitte kommen Sie später wieder."},
    {"This site is set up to give this answer at this address. If you did not expect it, ask your administrator.",
     "Diese Website ist so eingerichtet, dass sie unter dieser Adresse diese Antwort gibt. Wenn Sie sie nicht erwartet "
     "haben, wenden Sie sich an Ihre Administratoren."},
    {"The application cannot be reached", "Die Anwendung ist nicht erreichbar"},
    {"The application does not answer", "Die Anwendung antwortet nicht"},
    {"The application does not accept the sign-in", "Die Anwendung nimmt die Anmeldung nicht an"},
    {"The application cannot be trusted", "Der Anwendung kann nicht vertraut werden"},
    {"It could not prove its identity. The administrator can find the cause by the request id.",
     "Sie konnte ihre Identität nicht nachweisen. Die Administratoren finden die Ursache anhand der Vorgangsnummer."},
    {"The answer cannot be trusted", "Der Antwort kann nicht vertraut werden"},
    {"The server could not process the request", "Der Server konnte die Anfrage nicht verarbeiten"},
    {"The server is set up incorrectly", "Der Server ist falsch eingerichtet"},
    {"The request is malformed", "Die Anfrage ist fehlerhaft"},
    {"Your browser or program sent a request that is not valid HTTP.",
     "Ihr Browser oder Programm hat eine Anfrage gesendet, die kein gültiges HTTP ist."},
    {"The request took too long", "Die Anfrage hat zu lange gedauert"},
    {"It did not arrive in time. Please try again.",
     "Sie kam nicht rechtzeitig an. Bitte versuchen Sie es noch einmal."},
    {"Too long", "Zu lang"},
    {"That is more than a sign-in needs.", "Das ist mehr, als eine Anmeldung braucht."},
    {"What you sent is more than this application takes.", "Sie haben mehr gesendet, als diese Anwendung annimmt."},
    {"Method not allowed", "Methode nicht erlaubt"},
    {"This page does not accept that method.", "Diese Seite nimmt diese Methode nicht an."},
});

}  // namespace

std::string_view in_german(std::string_view english) {
  const auto* const found =
      std::find_if(kTexts.begin(), kTexts.end(), [english](const Text& text) { return text.first == english; });
  return found == kTexts.end() ? std::string_view{} : found->second;
}

}  // namespace stead::proxy
