"""Invented but plausible names of people, businesses and what they offer."""

from typing import Final

FIRST: Final = (
    "Sofía", "Martina", "Valentina", "Camila", "Lucía", "Julieta", "Agustina", "Florencia",
    "Micaela", "Rocío", "Carla", "Paula", "Daniela", "Natalia", "Mateo", "Juan", "Tomás",
    "Santiago", "Nicolás", "Joaquín", "Franco", "Lautaro", "Ignacio", "Facundo", "Ezequiel",
    "Gonzalo", "Bruno", "Emiliano", "Ramiro", "Ariel", "Malena", "Abril",
)  # fmt: skip
LAST: Final = (
    "González", "Rodríguez", "Fernández", "López", "Martínez", "Gómez", "Díaz", "Pérez",
    "Sánchez", "Romero", "Sosa", "Torres", "Álvarez", "Ruiz", "Ramírez", "Flores", "Acosta",
    "Benítez", "Medina", "Herrera", "Suárez", "Aguirre", "Giménez", "Gutiérrez", "Pereyra",
    "Rojas", "Molina", "Castro", "Ortiz", "Silva", "Núñez", "Luna", "Juárez", "Cabrera",
    "Ríos", "Ferreyra", "Godoy", "Morales", "Domínguez", "Moreno",
)  # fmt: skip
KINDS: Final = ("barber", "salon", "clinic")
BUSINESS: Final = {
    "barber": ("Barbería", "Barber Club", "Peluquería", "La Navaja de", "Estudio"),
    "salon": ("Salón", "Estética", "Espacio", "Casa de Belleza", "Atelier"),
    "clinic": ("Consultorio", "Centro Médico", "Clínica", "Kinesiología", "Odontología"),
}
SURNAME_LIKE: Final = (
    "Del Sur", "Aurora", "El Ceibo", "San Martín", "Belgrano", "La Esquina", "Nueve Reinas",
    "Jacarandá", "Quebracho", "Río Bravo", "Los Andes", "Milonga", "La Paloma", "Pampa",
    "Calafate", "Tero", "Ombú", "Luz Mala", "Don Ramón", "Marejada", "Cardón", "Zonda",
    "Hornero", "Lapacho", "Ñandú", "Estación",
)  # fmt: skip
# name, minutes, price in ARS
SERVICES: Final = {
    "barber": (
        ("Corte", 30, 12_000), ("Corte y barba", 45, 17_500), ("Barba", 20, 8_000),
        ("Corte niño", 25, 9_500), ("Color", 90, 38_000),
    ),
    "salon": (
        ("Corte y brushing", 60, 24_000), ("Color completo", 120, 62_000), ("Manicura", 45, 14_500),
        ("Depilación", 40, 16_000), ("Alisado", 150, 85_000), ("Maquillaje", 60, 32_000),
    ),
    "clinic": (
        ("Consulta", 30, 28_000), ("Limpieza dental", 45, 42_000),
        ("Sesión de kinesiología", 50, 30_000),
        ("Dermatología", 30, 45_000), ("Control nutricional", 40, 26_000),
    ),
}  # fmt: skip
COMMENTS: Final = (
    "Excelente atención, vuelvo seguro.", "Muy puntuales y prolijos.", "Quedó tal cual lo pedí.",
    "Bien, aunque esperé un poco.", "Correcto.", "El lugar es lindo, el precio algo alto.",
    "No respetaron el horario.", "No quedé conforme con el resultado.",
    "Cancelaron a último momento.",
)  # fmt: skip
