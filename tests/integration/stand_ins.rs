//! The stand-ins themselves: they speak as the real programs speak, and refuse what those refuse.

mod claude;
mod gh;
