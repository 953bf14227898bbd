<?php
// Installs WordPress into its empty database and prints an application password for its owner.
$_SERVER['HTTP_HOST'] = parse_url(getenv('REAL_URL'), PHP_URL_HOST);
$_SERVER['REQUEST_METHOD'] = 'GET';
define('WP_INSTALLING', true);
require __DIR__ . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';

// Nobody is to be written to.
function wp_new_blog_notification($title, $url, $user, $password) {}
add_filter('pre_wp_mail', '__return_false');

$made = wp_install('A blog', 'admin', 'admin@example.com', false, '', wp_generate_password());
update_option('permalink_structure', '/%postname%/');
[$password] = WP_Application_Passwords::create_new_application_password(
    $made['user_id'],
    ['name' => 'Kontor']
);
delete_option('rewrite_rules');
echo 'password=' . $password . "\n";
