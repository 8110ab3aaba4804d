"""The 24 jurisdictions of Argentina: their cities, and their share of demand and supply."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from dashboard.demo.platform.hashing import Floats


@dataclass(frozen=True, slots=True)
class Province:
    """One jurisdiction: millions of people, how many use the platform, and who serves them."""

    iso: str
    people: float
    adoption: float  # demand per head against the country's mean
    supply: float  # providers per unit of demand: below 0.5 the region is underserved
    siesta: bool  # quiet early afternoon, later evening
    cities: tuple[str, ...]


PROVINCES: Final = (
    Province("AR-B", 17.5, 1.25, 1.0, False, (
        "La Plata", "Mar del Plata", "Quilmes", "Lomas de Zamora", "Bahía Blanca", "Morón",
        "San Isidro", "Tandil", "Pilar",
    )),
    Province("AR-C", 3.1, 1.70, 1.5, False, (
        "Palermo", "Caballito", "Belgrano", "Flores", "Almagro", "Villa Urquiza",
    )),
    Province("AR-X", 3.98, 1.25, 1.1, False, (
        "Córdoba", "Río Cuarto", "Villa María", "Villa Carlos Paz", "San Francisco",
    )),
    Province("AR-S", 3.56, 1.20, 1.0, False, (
        "Rosario", "Santa Fe", "Rafaela", "Venado Tuerto", "Reconquista",
    )),
    Province("AR-M", 2.01, 1.20, 1.0, True, ("Mendoza", "San Rafael", "Godoy Cruz", "Guaymallén")),
    Province("AR-T", 1.70, 0.60, 0.7, True, ("San Miguel de Tucumán", "Yerba Buena", "Tafí Viejo")),
    Province("AR-E", 1.43, 0.60, 0.8, True, ("Paraná", "Concordia", "Gualeguaychú")),
    Province("AR-A", 1.44, 0.75, 0.25, True, ("Salta", "Orán", "Tartagal")),
    Province("AR-N", 1.28, 0.55, 0.6, True, ("Posadas", "Oberá", "Eldorado")),
    Province("AR-W", 1.20, 0.50, 0.6, True, ("Corrientes", "Goya")),
    Province("AR-H", 1.14, 0.50, 0.6, True, ("Resistencia", "Sáenz Peña")),
    Province("AR-G", 1.05, 0.40, 0.6, True, ("Santiago del Estero", "La Banda")),
    Province("AR-J", 0.82, 0.55, 0.7, True, ("San Juan", "Rawson (SJ)")),
    Province("AR-Y", 0.80, 0.60, 0.25, True, ("San Salvador de Jujuy", "Palpalá")),
    Province("AR-R", 0.76, 0.60, 0.7, False, ("Bariloche", "General Roca", "Viedma")),
    Province("AR-Q", 0.73, 0.90, 0.30, False, ("Neuquén", "San Martín de los Andes")),
    Province("AR-P", 0.61, 0.40, 0.5, True, ("Formosa", "Clorinda")),
    Province("AR-U", 0.60, 0.60, 0.7, False, ("Comodoro Rivadavia", "Trelew", "Puerto Madryn")),
    Province("AR-D", 0.54, 0.55, 0.7, True, ("San Luis", "Villa Mercedes")),
    Province("AR-K", 0.43, 0.45, 0.6, True, ("Catamarca",)),
    Province("AR-F", 0.38, 0.45, 0.6, True, ("La Rioja", "Chilecito")),
    Province("AR-L", 0.37, 0.55, 0.8, False, ("Santa Rosa", "General Pico")),
    Province("AR-Z", 0.33, 0.50, 0.6, False, ("Río Gallegos", "El Calafate")),
    Province("AR-V", 0.19, 0.60, 0.6, False, ("Ushuaia", "Río Grande")),
)  # fmt: skip

DEMAND: Final[Floats] = np.array([p.people * p.adoption for p in PROVINCES])
SUPPLY: Final[Floats] = np.array([p.people * p.adoption * p.supply for p in PROVINCES])
SIESTA: Final = np.array([p.siesta for p in PROVINCES])
CITIES: Final = tuple(city for p in PROVINCES for city in p.cities)
CITY_OFFSET: Final = np.cumsum([0, *(len(p.cities) for p in PROVINCES[:-1])])
CITY_COUNT: Final = np.array([len(p.cities) for p in PROVINCES])
SIESTA_SHARE: Final = float(DEMAND[SIESTA].sum() / DEMAND.sum())


def index_of(iso: str) -> int:
    """Position of a jurisdiction in PROVINCES."""
    return next(i for i, p in enumerate(PROVINCES) if p.iso == iso)
