import numpy as np
import pytest

from surefoot_robots.inertia import Inertia, Inertial, rigid_sum

LOPSIDED = Inertial(2.0, (0.1, 0.2, 0.3), Inertia(xx=1.0, xy=0.1, xz=0.2, yy=1.5, yz=0.3, zz=2.0))


def test_mirror_across_y_flips_the_products_with_one_y():
    image = LOPSIDED.mirrored(x=False, y=True)
    assert image == Inertial(2.0, (0.1, -0.2, 0.3), Inertia(xx=1.0, xy=-0.1, xz=0.2, yy=1.5, yz=-0.3, zz=2.0))


def test_mirror_across_both_is_half_a_turn_about_z():
    image = LOPSIDED.mirrored(x=True, y=True)
    turn = np.diag([-1.0, -1.0, 1.0])
    np.testing.assert_allclose(image.com_m, turn @ LOPSIDED.com_m)
    np.testing.assert_allclose(image.inertia_kgm2.matrix(), turn @ LOPSIDED.inertia_kgm2.matrix() @ turn.T)


def test_two_point_masses_make_a_dumbbell():
    nothing = Inertia(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    dumbbell = rigid_sum(Inertial(1.0, (0.0, 0.0, 0.0), nothing), Inertial(3.0, (0.0, 0.0, -0.4), nothing))
    assert dumbbell.mass_kg == 4.0
    assert dumbbell.com_m == pytest.approx((0.0, 0.0, -0.3))
    # 1 kg at 0.3 m and 3 kg at 0.1 m from the common centre: 0.09 + 0.03.
    assert dumbbell.inertia_kgm2.matrix() == pytest.approx(np.diag([0.12, 0.12, 0.0]))


def test_sum_of_one_is_itself():
    alone = rigid_sum(LOPSIDED)
    assert alone.com_m == pytest.approx(LOPSIDED.com_m)
    assert alone.inertia_kgm2.matrix() == pytest.approx(LOPSIDED.inertia_kgm2.matrix())


def test_shift_moves_the_centre_of_mass_only():
    assert LOPSIDED.shifted((1.0, 0.0, -1.0)).com_m == pytest.approx((1.1, 0.2, -0.7))
    assert LOPSIDED.shifted((1.0, 0.0, -1.0)).inertia_kgm2 == LOPSIDED.inertia_kgm2
