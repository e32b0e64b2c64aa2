#pragma once
// A client's header fields that reach a back end only if its route's pass_headers names them: many back ends take a
// user, an address or a certificate from such a field, because a gateway in front of them sets it. proxy/README.md has
// the same list. The patterns are those of header_patterns.h. What client programs send themselves must not be here:
// Outlook and Office have X-ClientInfo, X-ClientApplication, X-User-Agent, X-User-Identity.
#include <array>
#include <string_view>

namespace stead::proxy {

struct DroppedField {
  std::string_view pattern, used_by;
};

inline constexpr auto kDroppedFields = std::to_array<DroppedField>({
    // Addresses, schemes and paths.
    {"x-forwarded*", "gateways of every kind; oauth2-proxy's -User, -Email, -Groups; Envoy's -Client-Cert"},
    {"x-real*", "nginx"},
    {"x-original*", "nginx, IIS, oauth2-proxy"},
    {"x-rewrite-url", "IIS"},
    {"client-ip", "frameworks"},
    {"x-client-ip", "frameworks"},
    {"x-cluster-client-ip", "Rackspace, Zeus"},
    {"true-client-ip", "Akamai, Cloudflare"},
    {"cf-connecting-*", "Cloudflare"},
    {"x-envoy-*", "Envoy"},
    {"x-azure-*", "Azure Front Door"},
    {"front-end-https", "Outlook Web Access"},
    // Certificates.
    {"client-cert*", "RFC 9440"},
    {"x-client-cert*", "gateways"},
    {"x-client-dn", "gateways"},
    {"x-client-verify", "gateways"},
    {"ssl-*", "Apache, nginx: SSL_CLIENT_S_DN, SSL_CLIENT_VERIFY"},
    {"x-ssl*", "HAProxy, nginx"},
    {"x-arr-*", "IIS Application Request Routing: -ClientCert, -SSL"},
    {"x-amzn-mtls-*", "AWS Application Load Balancer"},
    // Users, under general names.
    {"remote-*", "CGI; Authelia and Traefik: Remote-User, -Groups, -Email, -Name"},
    {"x-remote*", "Kubernetes, Jenkins, Grafana"},
    {"auth-user*", "CGI, IIS"},
    {"auth-type", "CGI"},
    {"logon-user", "IIS"},
    {"user", "frameworks"},
    {"username", "frameworks"},
    {"user-name", "frameworks"},
    {"user-id", "frameworks"},
    {"userid", "frameworks"},
    {"user-principal-name", "frameworks"},
    {"uid", "frameworks"},
    {"upn", "frameworks"},
    {"x-user", "frameworks"},
    {"x-username", "frameworks"},
    {"x-user-name", "frameworks"},
    {"x-user-id", "frameworks"},
    {"x-userid", "frameworks"},
    {"x-userinfo", "Kong"},
    {"x-user-principal-name", "frameworks"},
    {"x-userprincipalname", "frameworks"},
    {"x-user-email", "frameworks"},
    {"x-user-group*", "frameworks"},
    {"x-user-role*", "frameworks"},
    {"x-uid", "frameworks"},
    {"x-upn", "frameworks"},
    {"x-email", "frameworks"},
    {"x-group*", "frameworks"},
    {"x-role*", "frameworks"},
    {"x-auth-request-*", "oauth2-proxy"},
    {"x-auth-user*", "frameworks"},
    {"x-authentik-*", "authentik"},
    {"x-authenticated-*", "Kong and others"},
    {"x-webauth*", "Grafana, Gitea"},
    {"impersonate-*", "Kubernetes"},
    // Users, as products name them.
    {"authenticate-*", "mod_authnz_ldap"},
    {"gss-*", "mod_auth_gssapi"},
    {"oidc-*", "mod_auth_openidc"},
    {"mellon-*", "mod_auth_mellon"},
    {"cas-*", "mod_auth_cas"},
    {"shib-*", "Shibboleth"},
    {"eppn", "Shibboleth"},
    {"sm-*", "SiteMinder"},
    {"x-sm-*", "SiteMinder"},
    {"iv-*", "IBM WebSEAL"},
    {"oam-*", "Oracle Access Manager"},
    {"osso-*", "Oracle Single Sign-On"},
    {"ct-remote-*", "RSA ClearTrust"},
    {"x-ms-client-principal*", "Azure App Service"},
    {"x-ms-token-*", "Azure App Service"},
    {"x-amzn-oidc-*", "AWS Application Load Balancer"},
    {"x-goog-authenticated-*", "Google IAP"},
    {"x-goog-iap-*", "Google IAP"},
    {"x-appengine-*", "Google App Engine"},
    {"x-endpoint-api-*", "Google Cloud Endpoints"},
    {"x-jwt-assertion", "WSO2"},
    {"cf-access-*", "Cloudflare Access"},
    {"tailscale-*", "Tailscale Serve"},
    {"teleport-*", "Teleport"},
    {"x-pomerium-*", "Pomerium"},
    {"x-vouch-*", "Vouch Proxy"},
    {"x-consumer-*", "Kong"},
    {"x-credential-*", "Kong"},
});

}  // namespace stead::proxy
