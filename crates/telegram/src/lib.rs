//! What Loadboard needs of Telegram on the server's side.

pub mod init_data;
